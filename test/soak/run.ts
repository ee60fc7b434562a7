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
import { SoakWorld } from "./world.js";

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
 * for its memory to be judged; the last 15 % are without trouble. Then every byte is read, all must become `stored`, and
 * be read again, from the nodes. Exit code 1 when anything of it does not hold.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "30" },
      seed: { type: "string" },
      rate: { type: "string", default: "12" },
    },
  });
  const [minutes, rate] = [Number(values.minutes), Number(values.rate)];
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  if (!(minutes > 0) || !(rate > 0) || !Number.isSafeInteger(seed))
    throw new RangeError("--minutes and --rate (requests a second) are numbers above 0, --seed is a whole number");
  console.log(`soak: ${minutes} minutes, seed ${seed}, ${rate} requests a second`);
  const world = await SoakWorld.start();
  try {
    await soak(world, { ms: minutes * 60_000, seed, rate });
  } catch (error) {
    console.error(world.client() ? `${world.gateway.output.slice(-4_000)}\n` : "");
    throw error;
  } finally {
    await world.close();
  }
}

async function soak(
  world: SoakWorld,
  { ms, seed, rate }: { readonly ms: number; readonly seed: number; readonly rate: number },
): Promise<void> {
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
    while (elapsed() < 0.4 && !stop.signal.aborted) {
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
      if (!world.client()) continue;
      if (world.gateway.pid !== pid) samples = [];
      pid = world.gateway.pid;
      samples.push(world.rss());
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
  judgeMemory(samples);

  const client = world.client();
  if (!client) throw new Error("no gateway runs");
  await clients.checkAll(client);
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
  await world.gateway.dropCache();
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
