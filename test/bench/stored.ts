import { randomFillSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { MIB } from "../../src/model/sizes.js";
import { eventually } from "../support/eventually.js";
import { GatewayProcess } from "../support/gateway-process.js";
import { objectState } from "../support/object-state.js";
import { inParallel, percentile } from "./bench-client.js";
import type { BenchOptions, Figure } from "./figure.js";

const BUCKET = "bench";
const SIZE = 32 * MIB;
const PART = 8 * MIB;
const UPLOADS_AT_ONCE = 4;
const BLOCK_MS = 1000;
/** Between two looks at an object that is on its way: the precision of what is measured. */
const LOOK_MS = 250;
/** An object may wait for all those before it. */
const LONGEST_MS_PER_OBJECT = 30_000;

/** Puts an object of fresh bytes in parts; resolves when Complete has been answered. */
async function upload(client: S3Client, Key: string): Promise<void> {
  const bytes = randomFillSync(Buffer.allocUnsafe(SIZE));
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key }));
  const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
  for (let start = 0; start < SIZE; start += PART) {
    const PartNumber = Parts.length + 1;
    const { ETag } = await client.send(
      new UploadPartCommand({ Bucket: BUCKET, Key, UploadId, PartNumber, Body: bytes.subarray(start, start + PART) }),
    );
    Parts.push({ PartNumber, ETag });
  }
  await client.send(new CompleteMultipartUploadCommand({ Bucket: BUCKET, Key, UploadId, MultipartUpload: { Parts } }));
}

/**
 * Resolves with the times at which objects were seen to be stored, by number. One look after the other: they cost
 * little.
 */
async function watchStored(
  client: S3Client,
  count: number,
  completed: ReadonlyMap<number, number>,
): Promise<Map<number, number>> {
  const stored = new Map<number, number>();
  await eventually(
    `${count} objects are stored`,
    async () => {
      for (const n of completed.keys()) {
        if (stored.has(n)) continue;
        const { state } = await objectState(client, BUCKET, String(n));
        if (state === "stored") stored.set(n, performance.now());
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      return stored.size === count ? true : undefined;
    },
    60_000 + count * LONGEST_MS_PER_OBJECT,
  );
  return stored;
}

/** From Complete to `stored` on the dev network. Its nodes keep 96 MiB of each object; 100 objects take minutes. */
export async function benchStored({ objects }: BenchOptions): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "cess-s3-bench-"));
  let gateway: GatewayProcess | undefined;
  try {
    gateway = await GatewayProcess.start(["dev"], {
      CESS_S3_DATA_DIR: join(folder, "data"),
      CESS_S3_DEV_BLOCK_MS: String(BLOCK_MS),
    });
    const client = gateway.client();
    await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    const completed = new Map<number, number>();
    const began = performance.now();
    const watching = watchStored(client, objects, completed);
    await Promise.race([
      watching,
      inParallel(objects, UPLOADS_AT_ONCE, async (n) => {
        await upload(client, String(n));
        completed.set(n, performance.now());
      }),
    ]);
    const uploadedMs = performance.now() - began;
    const stored = await watching;
    const times = [...stored].map(([n, at]) => (at - completed.get(n)!) / 1000);
    const allMs = Math.max(...stored.values()) - began;
    const block = { what: "block time", value: BLOCK_MS / 1000, unit: "s" };
    const what = `${objects} × 32 MiB, Complete to stored`;
    return [
      { what: `${what}: p50`, ours: { value: percentile(times, 0.5), unit: "s" }, reference: block },
      { what: `${what}: p99`, ours: { value: percentile(times, 0.99), unit: "s" }, reference: block },
      {
        what: `${objects} × 32 MiB, stored`,
        ours: { value: (objects * 60_000) / allMs, unit: "objects/min" },
        reference: { what: "uploaded", value: (objects * 60_000) / uploadedMs, unit: "objects/min" },
      },
    ];
  } finally {
    await gateway?.end();
    rmSync(folder, { recursive: true, force: true });
  }
}
