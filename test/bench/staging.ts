import { randomFillSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { KIB, MIB } from "../../src/model/sizes.js";
import { BENCH_KEY } from "./bench-client.js";
import type { Figure } from "./figure.js";
import { GatewayUnderTest } from "./gateway-under-test.js";
import { rawRequest, readRaw } from "./raw-reader.js";

const CLIENTS = 32;
/** In the first a server's code is compiled. */
const ROUNDS = 3;
const WORK = [
  { what: "PUT 4 KiB", size: 4 * KIB, objects: 3200 },
  { what: "PUT 1 MiB", size: MIB, objects: 128 },
] as const;

/** Objects a second of each kind of work, the best of the rounds. */
async function rates(gateway: GatewayUnderTest): Promise<number[]> {
  const { port } = gateway.client;
  await gateway.client.send({ method: "PUT", path: "/bench" });
  const best = WORK.map(() => 0);
  for (let round = 0; round < ROUNDS; round++)
    for (const [index, { size, objects }] of WORK.entries()) {
      const body = randomFillSync(Buffer.alloc(size));
      const lanes = Array.from({ length: CLIENTS }, (_, lane) =>
        Array.from({ length: objects / CLIENTS }, (__, n) =>
          rawRequest("PUT", `/bench/${size}-${round}-${lane}-${n}`, `127.0.0.1:${port}`, {}, body),
        ),
      );
      const began = performance.now();
      await Promise.all(lanes.map((requests) => readRaw(port, requests, 0)));
      best[index] = Math.max(best[index] ?? 0, (objects * 1000) / (performance.now() - began));
    }
  return best;
}

/** PUT with staging in the data folder, in a shared folder of the same disk, and in another gateway's bucket. About a minute. */
export async function benchStaging(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "cess-s3-bench-"));
  const measure = async (url?: string, credentialsFile?: string) => {
    const gateway = await GatewayUnderTest.start({ staging: { url, credentialsFile } });
    try {
      return await rates(gateway);
    } finally {
      await gateway.close();
    }
  };
  const store = await GatewayUnderTest.start();
  try {
    await store.client.send({ method: "PUT", path: "/staging" });
    const credentials = join(folder, "credentials.json");
    const { accessKeyId, secretAccessKey } = BENCH_KEY;
    writeFileSync(credentials, JSON.stringify({ accessKeyId, secretAccessKey }), { mode: 0o600 });
    const local = await measure();
    const shared = await measure(pathToFileURL(folder).href);
    const s3 = await measure(`s3://staging/bench?endpoint=http://127.0.0.1:${store.client.port}`, credentials);
    return WORK.flatMap(({ what }, index) => {
      const reference = { what: "in the data folder", value: local[index] ?? 0, unit: "/s" };
      return [
        { what: `${what}, staged in a shared folder`, ours: { value: shared[index] ?? 0, unit: "/s" }, reference },
        { what: `${what}, staged in a bucket on this machine`, ours: { value: s3[index] ?? 0, unit: "/s" }, reference },
      ];
    });
  } finally {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
