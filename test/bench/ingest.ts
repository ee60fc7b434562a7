import { createHash, randomFillSync } from "node:crypto";
import { MIB } from "../../src/model/sizes.js";
import type { Figure } from "./figure.js";
import { inParallel, percentile } from "./bench-client.js";
import { GatewayUnderTest } from "./gateway-under-test.js";
import { headsBeside } from "./head-prober.js";

const SIZE = 64 * MIB;
const UPLOADS = 8;
const ROUNDS = 4;
const HEAD_LIMIT_MS = 15;

/** MiB/s of MD5 on one core: no upload with an MD5 as its ETag can be faster. */
function md5Speed(bytes: Buffer): number {
  const began = performance.now();
  const hash = createHash("md5");
  for (let at = 0; at < bytes.length; at += 65536) hash.update(bytes.subarray(at, at + 65536));
  hash.digest();
  return (bytes.length * 1000) / (performance.now() - began) / MIB;
}

/** One upload alone, eight at once, and small requests beside them. About 30 s. */
export async function benchIngest(): Promise<Figure[]> {
  const gateway = await GatewayUnderTest.start();
  const bytes = randomFillSync(Buffer.allocUnsafe(SIZE));
  const speeds = { one: [] as number[], many: [] as number[], md5: [] as number[] };
  const idle: number[] = [];
  const busy: number[] = [];
  let cpuMs = Infinity;
  const put = (n: number) => gateway.client.send({ method: "PUT", path: `/bench/big-${n}`, body: bytes });
  const timed = async (count: number, width: number) => {
    const began = performance.now();
    await inParallel(count, width, put);
    return (count * SIZE * 1000) / (performance.now() - began) / MIB;
  };
  const heads = (work: () => Promise<unknown>) => headsBeside(gateway.client.port, "/bench/small", work);
  try {
    await gateway.client.send({ method: "PUT", path: "/bench" });
    await gateway.client.send({ method: "PUT", path: "/bench/small", body: Buffer.from("small") });
    await put(0);
    for (let round = 0; round < ROUNDS; round++) {
      speeds.md5.push(md5Speed(bytes));
      speeds.one.push(await timed(2, 1));
      await gateway.usage();
      speeds.many.push(await timed(UPLOADS, UPLOADS));
      cpuMs = Math.min(cpuMs, (await gateway.usage()).cpuMs);
      idle.push(...(await heads(() => new Promise((resolve) => setTimeout(resolve, 1000)))));
      busy.push(...(await heads(() => timed(2 * UPLOADS, UPLOADS))));
    }
  } finally {
    await gateway.close();
  }
  const md5 = { what: "MD5 on one core", value: Math.max(...speeds.md5), unit: "MiB/s" };
  return [
    { what: "PUT 64 MiB, one at a time", ours: { value: Math.max(...speeds.one), unit: "MiB/s" }, reference: md5 },
    {
      what: `PUT 64 MiB, ${UPLOADS} at once`,
      ours: { value: Math.max(...speeds.many), unit: "MiB/s" },
      reference: md5,
    },
    {
      what: "CPU of one MiB put (MD5 and CRC64)",
      ours: { value: cpuMs / ((UPLOADS * SIZE) / MIB), unit: "ms" },
      reference: { what: "MD5 alone", value: 1000 / md5.value, unit: "ms" },
    },
    {
      what: `HEAD p99 beside ${UPLOADS} PUTs`,
      ours: { value: percentile(busy, 0.99), unit: "ms" },
      reference: { what: "limit", value: HEAD_LIMIT_MS, unit: "ms" },
      wanted: { atMost: 1 },
    },
    {
      what: `HEAD p99 beside ${UPLOADS} PUTs`,
      ours: { value: percentile(busy, 0.99), unit: "ms" },
      reference: { what: "HEAD p99 alone", value: percentile(idle, 0.99), unit: "ms" },
    },
    {
      what: `HEAD p50 beside ${UPLOADS} PUTs`,
      ours: { value: percentile(busy, 0.5), unit: "ms" },
      reference: { what: "HEAD p50 alone", value: percentile(idle, 0.5), unit: "ms" },
    },
  ];
}
