import { randomFillSync } from "node:crypto";
import { KIB, MIB } from "../../src/model/sizes.js";
import { percentile } from "./bench-client.js";
import type { Figure } from "./figure.js";
import { GatewayUnderTest } from "./gateway-under-test.js";
import { lanesOf, type Method, sendLanes } from "./raw-lanes.js";
import { rawHead, readRaw } from "./raw-reader.js";

const SIZE = 4 * KIB;
const CLIENTS = 32;
const REQUESTS = 3200;
/** In the first the server's code is compiled. */
const ROUNDS = 4;
const CODED = 64 * MIB;
/** Clients such as Arrow give up when no byte has come for 3 s. */
const FIRST_BYTE_MS = 1000;
const READS = 400;

async function timesOf(method: Method, port: number, round: number): Promise<number[]> {
  const work = { method, size: SIZE, clients: CLIENTS, requests: REQUESTS };
  const times: number[] = [];
  await sendLanes(lanesOf(work, round, port), work, port, times);
  return times;
}

/** The slowest of a client's small reads, and of the beginnings of a large object, while all cores code. */
async function besideCoding(gateway: GatewayUnderTest): Promise<Figure> {
  const { port } = gateway.client;
  await gateway.client.send({ method: "PUT", path: "/bench/small", body: randomFillSync(Buffer.alloc(SIZE)) });
  await gateway.client.send({ method: "PUT", path: "/bench/coded", body: randomFillSync(Buffer.alloc(CODED)) });
  const times: number[] = [];
  const read = (path: string, headers: Readonly<Record<string, string>> = {}) =>
    rawHead("GET", path, `127.0.0.1:${port}`, headers);
  await gateway.codingBeside("bench", "coded", async () => {
    for (let n = 0; n < READS; n++) {
      await readRaw(port, [read("/bench/small")], SIZE, times);
      await readRaw(
        port,
        [read("/bench/coded", { Range: `bytes=${(n * MIB) % CODED}-${((n * MIB) % CODED) + SIZE - 1}` })],
        SIZE,
        times,
      );
    }
  });
  return {
    what: "GET of 4 KiB while all cores code: the slowest",
    ours: { value: Math.max(...times), unit: "ms" },
    reference: { what: "limit", value: FIRST_BYTE_MS, unit: "ms" },
    wanted: { atMost: 1 },
  };
}

/** How long the slowest wait: p99 beside p50 of small requests, and reads beside coding. About 30 s. */
export async function benchTails(): Promise<Figure[]> {
  const gateway = await GatewayUnderTest.start();
  const all: Record<Method, number[]> = { PUT: [], GET: [], HEAD: [], DELETE: [] };
  try {
    await gateway.client.send({ method: "PUT", path: "/bench" });
    for (let round = 0; round < ROUNDS; round++)
      for (const method of ["PUT", "GET", "HEAD", "DELETE"] as const) {
        const times = await timesOf(method, gateway.client.port, round);
        if (round > 0) all[method].push(...times);
      }
    const tails = Object.entries(all).map(([method, times]): Figure => ({
      what: `${method} 4 KiB, ${CLIENTS} clients: p99`,
      ours: { value: percentile(times, 0.99), unit: "ms" },
      reference: { what: "p50", value: percentile(times, 0.5), unit: "ms" },
      wanted: { atMost: 3 },
    }));
    return [...tails, await besideCoding(gateway)];
  } finally {
    await gateway.close();
  }
}
