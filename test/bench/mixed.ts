import { setTimeout as sleep } from "node:timers/promises";
import { KIB, MIB, SEGMENT_SIZE } from "../../src/model/sizes.js";
import { eventually } from "../support/eventually.js";
import { contentOf, mixedSize } from "../support/mixed-objects.js";
import { paced } from "../support/paced.js";
import { seededRandom } from "../support/seeded-random.js";
import { BenchClient, percentile } from "./bench-client.js";
import type { BenchOptions, Figure } from "./figure.js";
import { flushPacks, packStatus, type PackStatus, withPackingGateway } from "./packing-gateway.js";

const CLIENTS = 8;
/** So many requests a second, as long as they are answered in time: the network must keep up on the same machine. */
const RATE = 12;
/** Of them, how many delete or overwrite. */
const REPLACING = 0.2;
/** For each object that the bench `stored` stores. */
const MS_PER_LARGE_ONE = 6_000;
const LOOK_MS = 5_000;
/** Larger objects are not packed: `packing.maxObjectBytes`. */
const PACKED_BYTES = 8 * MIB;
const CHARGED_PER_SEGMENT = 3 * SEGMENT_SIZE;
const PATIENCE_MS = 1_800_000;
const SEED = 20;
/** The first part of what is seen while it runs is not judged: little is there yet. */
const WARM_UP = 0.25;

interface Course {
  /** Times of PUTs of up to 64 KiB, ms. */
  readonly puts: readonly number[];
  /** Charged bytes divided by live ones, at each look. */
  readonly ratios: readonly number[];
  /** Charged bytes divided by live ones at the end: of all, and of the objects in packs alone. */
  readonly settled: number;
  readonly settledPacks: number;
  readonly mergeShare: number;
}

/** A mix of sizes, deletes and overwrites; once with merging of packs, once without, with requests of the same seed. */
export async function benchMixed({ objects }: BenchOptions): Promise<Figure[]> {
  const ms = objects * MS_PER_LARGE_ONE;
  const merging = await course(ms, 1);
  const plain = await course(ms, 0);
  const what = `${Math.round(ms / 1000)} s of mixed sizes, ${RATE} requests a second, ${REPLACING * 100} % deletes and overwrites`;
  return [
    {
      what: `${what}: charged, at most, while it runs`,
      ours: { value: Math.max(...merging.ratios.slice(merging.ratios.length * WARM_UP)), unit: "bytes" },
      reference: { what: "a live byte", value: 1, unit: "byte" },
      wanted: { atMost: 6.5 },
    },
    {
      what: "… after it has settled",
      ours: { value: merging.settled, unit: "bytes" },
      reference: { what: "a live byte", value: 1, unit: "byte" },
      wanted: { atMost: 4 },
    },
    {
      what: "… the objects in packs alone (larger ones are files of their own)",
      ours: { value: merging.settledPacks, unit: "bytes" },
      reference: { what: "a live byte", value: 1, unit: "byte" },
      wanted: { atMost: 4 },
    },
    {
      what: "… sent to nodes for merging",
      ours: { value: merging.mergeShare * 100, unit: "%" },
      reference: { what: "all that is sent", value: 100, unit: "%" },
      wanted: { atMost: 0.3 },
    },
    {
      what: "… PUT of up to 64 KiB, p99",
      ours: { value: percentile(merging.puts, 0.99), unit: "ms" },
      reference: { what: "without merging", value: percentile(plain.puts, 0.99), unit: "ms" },
      wanted: { atMost: 1.5 },
    },
  ];
}

function course(ms: number, mergeBudget: number): Promise<Course> {
  return withPackingGateway({ mergeBudget }, async (gateway) => {
    const client = new BenchClient(Number(new URL(gateway.endpoint).port));
    await client.send({ method: "PUT", path: "/bench" });
    const random = seededRandom(SEED);
    const live = new Map<string, number>();
    const puts: number[] = [];
    let counter = 0;
    const request = async () => {
      const replaced = random() < REPLACING ? [...live.keys()][Math.floor(random() * live.size)] : undefined;
      const key = replaced ?? `key-${(counter += 1)}`;
      if (replaced !== undefined) live.delete(key);
      if (replaced !== undefined && random() < 0.5) return client.send({ method: "DELETE", path: `/bench/${key}` });
      const size = mixedSize(random);
      const body = contentOf((counter += 1), size);
      const began = performance.now();
      const answer = await client.send({ method: "PUT", path: `/bench/${key}`, body });
      if (size <= 64 * KIB) puts.push(performance.now() - began);
      live.set(key, size);
      return answer;
    };
    const liveBytes = () => [...live.values()].reduce((sum, size) => sum + size, 0);
    const chargedOf = ({ accounts }: PackStatus) => accounts.reduce((sum, { chargedBytes }) => sum + chargedBytes, 0);

    const end = performance.now() + ms;
    const over = () => performance.now() >= end;
    const ratios: number[] = [];
    const look = async () => {
      while (!over()) {
        await sleep(LOOK_MS);
        const charged = chargedOf(await packStatus(gateway));
        if (charged > 0) ratios.push(charged / liveBytes());
      }
    };
    await Promise.all([paced({ clients: CLIENTS, rate: RATE, over }, request), look()]);
    await flushPacks(gateway);
    // Settled: nothing is under way, and merging has had the time that it waits for a pack to be quiet.
    let quiet = 0;
    await eventually(
      "all is stored and merged",
      async () => {
        await sleep(LOOK_MS);
        const { queues, packs } = await packStatus(gateway);
        const jobs = await gateway.sum("cess_s3_jobs");
        const idle = queues.length === 0 && jobs === 0 && Object.keys(packs).join() === "stored";
        quiet = idle ? quiet + LOOK_MS : 0;
        return quiet >= 150_000;
      },
      PATIENCE_MS,
    );
    const after = await packStatus(gateway);
    const own = [...live.values()].filter((size) => size > PACKED_BYTES);
    const ownCharge = own.reduce((sum, size) => sum + Math.ceil(size / SEGMENT_SIZE) * CHARGED_PER_SEGMENT, 0);
    const ownBytes = own.reduce((sum, size) => sum + size, 0);
    const sent = await gateway.metric("cess_s3_fragment_sent_bytes_total");
    client.close();
    return {
      puts,
      ratios,
      settled: chargedOf(after) / liveBytes(),
      settledPacks: (chargedOf(after) - ownCharge) / (liveBytes() - ownBytes),
      mergeShare: after.merging.sentBytes / sent,
    };
  });
}
