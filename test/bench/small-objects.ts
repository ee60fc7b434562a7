import { randomFillSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KIB } from "../../src/model/sizes.js";
import { inParallel } from "./bench-client.js";
import type { Figure } from "./figure.js";
import { GatewayUnderTest } from "./gateway-under-test.js";
import { rawRequest, readRaw } from "./raw-reader.js";

const SIZE = 4 * KIB;
const CLIENTS = 32;
const OBJECTS = 3200;
/** In the first a server's code is compiled. */
const ROUNDS = 5;

/**
 * Files of that size written and synced one by one, by as many writers: what the disk allows a server without batches.
 */
async function syncedFiles(folder: string, bytes: Buffer): Promise<number> {
  const began = performance.now();
  await inParallel(OBJECTS, CLIENTS, async (n) => {
    const file = await open(join(folder, String(n)), "w");
    await file.write(bytes);
    await file.datasync();
    await file.close();
  });
  return (OBJECTS * 1000) / (performance.now() - began);
}

/** 4 KiB PUT, GET and HEAD with 32 clients, against files synced one by one. About 20 s. */
export async function benchSmallObjects(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "cess-s3-bench-"));
  const gateway = await GatewayUnderTest.start();
  const body = randomFillSync(Buffer.alloc(SIZE));
  const best = { put: 0, get: 0, head: 0, files: 0 };
  let cpuMs = Infinity;
  const { port } = gateway.client;
  const rate = async (method: string, round: number, answerBytes: number, sent?: Buffer) => {
    const lanes = Array.from({ length: CLIENTS }, (_, lane) =>
      Array.from({ length: OBJECTS / CLIENTS }, (__, n) =>
        rawRequest(method, `/bench/${round}-${lane}-${n}`, `127.0.0.1:${port}`, {}, sent),
      ),
    );
    const began = performance.now();
    await Promise.all(lanes.map((requests) => readRaw(port, requests, answerBytes)));
    return (OBJECTS * 1000) / (performance.now() - began);
  };
  try {
    await gateway.client.send({ method: "PUT", path: "/bench" });
    for (let round = 0; round < ROUNDS; round++) {
      best.files = Math.max(best.files, await syncedFiles(folder, body));
      await gateway.usage();
      best.put = Math.max(best.put, await rate("PUT", round, 0, body));
      cpuMs = Math.min(cpuMs, (await gateway.usage()).cpuMs / OBJECTS);
      best.get = Math.max(best.get, await rate("GET", round, SIZE));
      best.head = Math.max(best.head, await rate("HEAD", round, 0));
    }
  } finally {
    await gateway.close();
    rmSync(folder, { recursive: true, force: true });
  }
  const files = { what: "4 KiB files, each synced", value: best.files, unit: "/s" };
  const heads = { what: "HEAD, 32 clients", value: best.head, unit: "/s" };
  return [
    { what: `PUT 4 KiB, ${CLIENTS} clients`, ours: { value: best.put, unit: "/s" }, reference: files },
    { what: `PUT 4 KiB, ${CLIENTS} clients`, ours: { value: best.put, unit: "/s" }, reference: heads },
    {
      what: "CPU of one PUT of 4 KiB",
      ours: { value: cpuMs, unit: "ms" },
      reference: { what: "time between two", value: 1000 / best.put, unit: "ms" },
    },
    { what: `GET 4 KiB, ${CLIENTS} clients`, ours: { value: best.get, unit: "/s" }, reference: heads },
  ];
}
