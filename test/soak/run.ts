import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { MIB } from "../../src/model/sizes.js";
import { eventually } from "../support/eventually.js";
import { objectState } from "../support/object-state.js";
import { paced } from "../support/paced.js";
import { seededRandom } from "../support/seeded-random.js";
import { BUCKET, SoakClients } from "./client.js";
import { Trouble } from "./trouble.js";
import { ClusterWorld } from "./cluster-world.js";
import { SoakWorld, type World } from "./world.js";

const CLIENTS = 4;
const BETWEEN_TROUBLES_MS = 10_000;
const SAMPLE_MS = 2_000;
/** All must be stored so soon after the end: packs age, and nodes that failed cool for a while. */
const STORED_WITHIN_MS = 300_000;
/** Memory may grow by so much from the middle of the last process's life to its end. */
const GROWTH = { factor: 1.25, bytes: 64 * MIB };
/** Requests that may fail: more would mean that a short trouble has a long shadow. */
const MOST_FAILURES = 0.5;

/**
 * `npm run soak [-- --minutes N --seed N --rate N]`: mixed load on a gateway while nodes fail, the chain is away and the
 * gateway is ended and killed. Restarts are in the first 40 % of the time, so that the last process lives long enough
 * for its memory to be judged; the last 15 % are without trouble. With `--gateways N [--staging file|s3]`: N gateways over
 * one PostgreSQL, Redis and staging, which fail as well, and gateways are ended and killed in the first 85 %. Each request goes
 * to any of them. Then every byte is read, all must become `stored`, and
 * be read again, from the nodes. Exit code 1 when anything of it does not hold.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "30" },
      seed: { type: "string" },
      rate: { type: "string", default: "12" },
      gateways: { type: "string", default: "1" },
      staging: { type: "string", default: "file" },
    },
  });
  const [minutes, rate] = [Number(values.minutes), Number(values.rate)];
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  if (!(minutes > 0) || !(rate > 0) || !Number.isSafeInteger(seed))
    throw new RangeError("--minutes and --rate (requests a second) are numbers above 0, --seed is a whole number");
  const gateways = Number(values.gateways);
  const { staging } = values;
  if (!(gateways >= 1) || (staging !== "file" && staging !== "s3"))
    throw new RangeError("--gateways is a number from 1, --staging is file or s3");
  console.log(`soak: ${minutes} minutes, seed ${seed}, ${rate} requests a second, ${gateways} gateways`);
  const world: World =
    gateways === 1 ? await SoakWorld.start() : await ClusterWorld.start(gateways, staging, seededRandom(seed + 2));
  try {
    await soak(world, { ms: minutes * 60_000, seed, rate, restartsUntil: gateways === 1 ? 0.4 : 0.85 });
  } catch (error) {
    console.error(`${world.output.slice(-8_000)}\n`);
    throw error;
  } finally {
    await world.close();
  }
}

async function soak(
  world: World,
  settings: { readonly ms: number; readonly seed: number; readonly rate: number; readonly restartsUntil: number },
): Promise<void> {
  const { ms, seed, rate, restartsUntil } = settings;
  const clients = new SoakClients(world.client, seededRandom(seed));
  const trouble = new Trouble(world, seededRandom(seed + 1));
  await world.client()?.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const began = Date.now();
  const elapsed = () => (Date.now() - began) / ms;
  const stop = new AbortController();
  const guard = (work: Promise<void>) =>
    work.catch((error: unknown) => {
      stop.abort(error);
    });
  const over = () => elapsed() >= 1 || stop.signal.aborted;

  const outside = async () => {
    while (elapsed() < 0.85 && !stop.signal.aborted) {
      await sleep(BETWEEN_TROUBLES_MS);
      await trouble.outside(stop.signal);
    }
  };
  const restarts = async () => {
    while (elapsed() < restartsUntil && !stop.signal.aborted) {
      await sleep(Math.min(45_000, ms * 0.1));
      await trouble.restart();
    }
  };
  /** Resident memory of the last process, bytes. */
  let samples: number[] = [];
  const memory = async () => {
    let pid = 0;
    while (!over()) {
      await sleep(SAMPLE_MS);
      const process = world.memory();
      if (!process) continue;
      if (process.pid !== pid) samples = [];
      pid = process.pid;
      samples.push(process.bytes);
    }
  };
  await Promise.all(
    [paced({ clients: CLIENTS, rate, over }, () => clients.one()), outside(), restarts(), memory()].map(guard),
  );
  stop.signal.throwIfAborted();

  const { counts } = clients;
  console.log(
    `${counts.requests} requests, ${counts.failed} failed (last: ${counts.lastFailure || "none"}), ` +
      `${Math.round(counts.writtenBytes / MIB)} MiB written, ${Math.round(counts.readBytes / MIB)} MiB read`,
  );
  console.log(`troubles: ${JSON.stringify(trouble.seen)}`);
  if (counts.failed > counts.requests * MOST_FAILURES)
    throw new Error(`${counts.failed} of ${counts.requests} requests failed`);
  if (samples.length > 0) judgeMemory(samples);

  const [client, ...others] = world.clients();
  if (!client) throw new Error("no gateway runs");
  for (const each of [client, ...others]) await clients.checkAll(each);
  const settling = Date.now();
  const left = [...clients.present];
  await eventually(
    "all objects are stored",
    async () => {
      for (let key = left.at(-1); key !== undefined; key = left.at(-1)) {
        if ((await objectState(client, BUCKET, key)).state !== "stored") return false;
        left.pop();
      }
      return true;
    },
    STORED_WITHIN_MS,
  );
  console.log(
    `all ${clients.present.length} objects stored ${Math.round((Date.now() - settling) / 1000)} s after the end`,
  );
  await world.dropCaches();
  await clients.checkAll(client);
  console.log("every byte read back from the nodes");
}

/** Compares the last third of the last process's life with its second one; the first is for caches to fill. */
function judgeMemory(samples: readonly number[]): void {
  const third = Math.floor(samples.length / 3);
  const [middle, last] = [Math.max(...samples.slice(third, 2 * third)), Math.max(...samples.slice(2 * third))];
  console.log(`memory at most ${Math.round(middle / MIB)} MiB, then ${Math.round(last / MIB)} MiB`);
  if (last > middle * GROWTH.factor + GROWTH.bytes) throw new Error("the gateway's memory grows");
}

await main();
