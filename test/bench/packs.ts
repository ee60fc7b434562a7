import { randomFillSync } from "node:crypto";
import { DeleteObjectsCommand } from "@aws-sdk/client-s3";
import { KIB } from "../../src/model/sizes.js";
import { eventually } from "../support/eventually.js";
import { BENCH_KEY, BenchClient } from "./bench-client.js";
import { processorMsOf } from "../support/processor-time.js";
import type { BenchOptions, Figure } from "./figure.js";
import { flushPacks, packStatus, withPackingGateway } from "./packing-gateway.js";
import { rawRequest, readRaw } from "./raw-reader.js";

const SIZE = 10 * KIB;
const CLIENTS = 32;
/** For each object that the bench `stored` stores. */
const OBJECTS_PER_LARGE_ONE = 200;
const KEYS_PER_REQUEST = 1000;
/** Between two looks at what is stored: the precision of what is measured. */
const LOOK_MS = 500;
const PATIENCE_MS = 1_800_000;
/** Small objects on the dev network, from the first PUT until all are stored, and until all are gone again. */
export async function benchPacks({ objects }: BenchOptions): Promise<Figure[]> {
  return withPackingGateway({}, async (running) => {
    const port = Number(new URL(running.endpoint).port);
    const client = new BenchClient(port);
    await client.send({ method: "PUT", path: "/bench" });
    const count = objects * OBJECTS_PER_LARGE_ONE;
    const body = randomFillSync(Buffer.alloc(SIZE));
    const lanes = Array.from({ length: CLIENTS }, (_, lane) =>
      Array.from({ length: Math.floor(count / CLIENTS) }, (__, n) => {
        body.writeUInt32LE(n, 0);
        return rawRequest("PUT", `/bench/${lane}-${n}`, `127.0.0.1:${port}`, {}, body);
      }),
    );
    const put = lanes.length * (lanes[0]?.length ?? 0);
    // Not more often: the gateway sums up what waits.
    const status = async () => {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      return packStatus(running);
    };
    const calls = async () =>
      (await running.metric("cess_s3_deals_ordered_total")) + (await running.metric("cess_s3_files_deleted_total"));

    const cpuBefore = processorMsOf(running.pid);
    const began = performance.now();
    await Promise.all(lanes.map((requests) => readRaw(port, requests, 0)));
    const acknowledgedS = (performance.now() - began) / 1000;
    const cpuAcknowledged = processorMsOf(running.pid);
    await flushPacks(running);
    await eventually(
      `${put} objects are stored`,
      async () => {
        const { queues, packs } = await status();
        const states = Object.keys(packs);
        return queues.length === 0 && states.length === 1 && states[0] === "stored";
      },
      PATIENCE_MS,
    );
    const storedS = (performance.now() - began) / 1000;
    const cpuStored = processorMsOf(running.pid);
    const [account] = (await status()).accounts;
    const declared = await calls();

    const sdk = running.client(BENCH_KEY.accessKeyId, BENCH_KEY.secretAccessKey);
    const deleting = performance.now();
    const keys = lanes.flatMap((requests, lane) => requests.map((_, n) => ({ Key: `${lane}-${n}` })));
    for (let at = 0; at < keys.length; at += KEYS_PER_REQUEST) {
      const Objects = keys.slice(at, at + KEYS_PER_REQUEST);
      await sdk.send(new DeleteObjectsCommand({ Bucket: "bench", Delete: { Objects, Quiet: true } }));
    }
    await eventually("all packs are gone", async () => Object.keys((await status()).packs).length === 0, PATIENCE_MS);
    const goneS = (performance.now() - deleting) / 1000;
    const deletions = (await calls()) - declared;
    client.close();

    const what = `${put} × 10 KiB`;
    const putCpu = (cpuAcknowledged - cpuBefore) / put;
    return [
      {
        what: `${what}, ${CLIENTS} clients: until all are stored`,
        ours: { value: storedS, unit: "s" },
        reference: { what: "2 × until acknowledged, and 30 s", value: 2 * acknowledgedS + 30, unit: "s" },
        wanted: { atMost: 1 },
      },
      {
        what: `${what}: charged`,
        ours: { value: (account?.chargedBytes ?? 0) / 2 ** 20, unit: "MiB" },
        reference: { what: "bytes of objects", value: (put * SIZE) / 2 ** 20, unit: "MiB" },
        wanted: { atMost: 3.5 },
      },
      {
        what: `${what}: calls on the chain`,
        ours: { value: declared, unit: "calls" },
        reference: { what: "1,000 objects", value: put / 1000, unit: "" },
        wanted: { atMost: 0.2 },
      },
      {
        what: `${what}: CPU of the gateway until stored, per object`,
        ours: { value: (cpuStored - cpuBefore) / put, unit: "ms" },
        reference: { what: "until acknowledged", value: putCpu, unit: "ms" },
        wanted: { atMost: 1.5 },
      },
      {
        what: `${what} deleted: until the space is free`,
        ours: { value: goneS, unit: "s" },
        reference: { what: "until acknowledged", value: acknowledgedS, unit: "s" },
      },
      {
        what: `${what} deleted: calls on the chain`,
        ours: { value: deletions, unit: "calls" },
        reference: { what: "limit", value: 40, unit: "calls" },
        wanted: { atMost: 1 },
      },
    ];
  });
}
