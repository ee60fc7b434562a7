import { randomFillSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestFile } from "../../src/encoding/file-digest.js";
import { ThreadEncoder } from "../../src/encoding/thread-encoder.js";
import { PLAIN } from "../../src/model/file.js";
import { GIB, MIB, SEGMENT_SIZE } from "../../src/model/sizes.js";
import { inParallel } from "./bench-client.js";
import type { Figure } from "./figure.js";
import { GatewayUnderTest } from "./gateway-under-test.js";

/** Parts of that size and so many at a time, as aws-cli and boto3 send them. */
const PART = 8 * MIB;
const WIDTH = 10;
const SIZES = [256 * MIB, 4 * GIB];
/**
 * A client on a line of 1 Gbit/s. One on this machine would take the cores away from the preprocessing that it is to be
 * ahead of: what it leaves undone is shown, but it is not what the promise is about.
 */
const LINE_BYTES_PER_MS = 125_000;

/** Two segments, one after the other, as a process that does nothing else would. Milliseconds. */
async function twoSegments(bytes: Buffer): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "cess-s3-bench-"));
  const encoder = new ThreadEncoder({ threads: 1 });
  try {
    writeFileSync(join(folder, "two"), Buffer.concat([bytes, bytes], 2 * SEGMENT_SIZE));
    await digestFile(encoder, join(folder, "two"), PLAIN);
    const began = performance.now();
    await digestFile(encoder, join(folder, "two"), PLAIN);
    return performance.now() - began;
  } finally {
    await encoder.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Uploads so many bytes in parts, at so many bytes a millisecond, and resolves with what CompleteMultipartUpload then
 * took. Milliseconds.
 */
async function complete(
  gateway: GatewayUnderTest,
  path: string,
  size: number,
  bytes: Buffer,
  pace: number,
): Promise<number> {
  const { client } = gateway;
  const id =
    /<UploadId>([^<]+)</.exec(await client.send({ method: "POST", path: `${path}?uploads`, keep: true }))?.[1] ?? "";
  const etags: string[] = [];
  const start = performance.now();
  await inParallel(size / PART, WIDTH, async (n) => {
    await new Promise((resolve) => setTimeout(resolve, start + (n * PART) / pace - performance.now()));
    // Each part is another, and no body is copied: the same buffer serves all requests at once.
    const answer = await client.open({
      method: "PUT",
      path: `${path}?partNumber=${n + 1}&uploadId=${id}`,
      body: bytes.subarray(n, n + PART),
    });
    answer.resume();
    etags[n] = answer.headers.etag ?? "";
  });
  const parts = etags.map((etag, n) => `<Part><PartNumber>${n + 1}</PartNumber><ETag>${etag}</ETag></Part>`).join("");
  const began = performance.now();
  await client.send({
    method: "POST",
    path: `${path}?uploadId=${id}`,
    body: Buffer.from(`<CompleteMultipartUpload>${parts}</CompleteMultipartUpload>`),
  });
  return performance.now() - began;
}

/** CompleteMultipartUpload after 256 MiB and after 4 GiB, against preprocessing two segments. About 70 s. */
export async function benchCompletion(): Promise<Figure[]> {
  const bytes = randomFillSync(Buffer.allocUnsafe(SEGMENT_SIZE + (4 * GIB) / PART));
  const limit = {
    what: "preprocessing two segments",
    value: await twoSegments(bytes.subarray(0, SEGMENT_SIZE)),
    unit: "ms",
  };
  const figures: Figure[] = [];
  for (const [line, pace, wanted] of [
    ["1 Gbit/s", LINE_BYTES_PER_MS, { atMost: 1 }],
    ["loopback", Infinity, undefined],
  ] as const) {
    for (const size of SIZES) {
      const gateway = await GatewayUnderTest.start();
      try {
        await gateway.client.send({ method: "PUT", path: "/bench" });
        const value = await complete(gateway, "/bench/object", size, bytes, pace);
        figures.push({
          what: `Complete of ${size / MIB} MiB sent at ${line}`,
          ours: { value, unit: "ms" },
          reference: limit,
          ...(wanted && { wanted }),
        });
      } finally {
        await gateway.close();
      }
    }
  }
  return figures;
}
