import type { Figure } from "./figure.js";
import { GatewayUnderTest } from "./gateway-under-test.js";
import { converse, rawRequest } from "./raw-reader.js";

export const KEYS = 1_000_000;
export const PREFIXES = 1000;
/** Pages of 1,000 keys in a round. */
const PAGES = 100;
const ROUNDS = 5;
/** Bytes of an answer in which its head and its token stand. */
const BEGINNING = 4096;
const LIMITS = { keysPerSecond: 200_000, delimiterMs: 100 };

/**
 * Pages through a bucket of a million keys, and its 1,000 prefixes at once. About 20 s, most of it to fill the bucket.
 */
export async function benchListing(): Promise<Figure[]> {
  const gateway = await GatewayUnderTest.start();
  try {
    await gateway.client.send({ method: "PUT", path: "/bench" });
    await gateway.fill("bench", KEYS, KEYS / PREFIXES);
    return await measureListing(gateway, LIMITS.keysPerSecond, "");
  } finally {
    await gateway.close();
  }
}

/** Of the bucket `bench`, which has a million keys. `over`: what the catalog is in, for the figures' names. */
export async function measureListing(
  gateway: GatewayUnderTest,
  keysPerSecond: number,
  over: string,
): Promise<Figure[]> {
  const list = (query: string) =>
    gateway.client.send({ method: "GET", path: `/bench?list-type=2${query}`, keep: true });
  const { port } = gateway.client;
  const page = (query: string) => rawRequest("GET", `/bench?list-type=2${query}`, `127.0.0.1:${port}`);
  const speeds: number[] = [];
  const cpuSpeeds: number[] = [];
  const delimiterMs: number[] = [];
  const delimiterCpuMs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await gateway.usage();
    let began = performance.now();
    let pages = 0;
    await converse(port, page(""), (answer) => {
      const token = /<NextContinuationToken>([^<]*)</.exec(answer.toString("latin1", 0, BEGINNING))?.[1];
      if (token === undefined) throw new Error("a page without a token for the next one");
      return ++pages < PAGES ? page(`&continuation-token=${token}`) : undefined;
    });
    speeds.push((PAGES * 1_000_000) / (performance.now() - began));
    cpuSpeeds.push((PAGES * 1_000_000) / (await gateway.usage()).cpuMs);
    began = performance.now();
    const text = await list("&delimiter=%2F");
    delimiterMs.push(performance.now() - began);
    delimiterCpuMs.push((await gateway.usage()).cpuMs);
    const found = text.split("<CommonPrefixes>").length - 1;
    if (found !== PREFIXES) throw new Error(`${found} common prefixes instead of ${PREFIXES}`);
  }
  const wanted = { what: "wanted", value: keysPerSecond, unit: "keys/s" };
  const limit = { what: "limit", value: LIMITS.delimiterMs, unit: "ms" };
  return [
    {
      what: `ListObjectsV2 of 1,000,000 keys${over}`,
      ours: { value: Math.max(...speeds), unit: "keys/s" },
      reference: wanted,
      wanted: { atLeast: 1 },
    },
    {
      what: `ListObjectsV2, per CPU second${over}`,
      ours: { value: Math.max(...cpuSpeeds), unit: "keys/s" },
      reference: wanted,
    },
    {
      what: `… with delimiter, 1,000 prefixes${over}`,
      ours: { value: Math.min(...delimiterMs), unit: "ms" },
      reference: limit,
      wanted: { atMost: 1 },
    },
    {
      what: `… with delimiter, CPU${over}`,
      ours: { value: Math.min(...delimiterCpuMs), unit: "ms" },
      reference: limit,
    },
  ];
}
