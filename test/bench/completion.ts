import { createHash, randomFillSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { digestFile } from "../../src/encoding/file-digest.js";
import { ThreadEncoder } from "../../src/encoding/thread-encoder.js";
import { PLAIN } from "../../src/model/file.js";
import { GIB, MIB, SEGMENT_SIZE } from "../../src/model/sizes.js";
import type { MultipartEtag } from "../../src/gateway/uploads/uploads.js";
import { inParallel, percentile } from "./bench-client.js";
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
/** Bytes of the only part of a small upload, and how many are measured after those in which code is compiled. */
const SMALL_PART = 1000;
const SMALL_UPLOADS = 100;
const WARM_UP = 20;
const CLIENTS = 32;
const MANY_UPLOADS = 640;

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

async function beginUpload({ client }: GatewayUnderTest, path: string): Promise<string> {
  const text = await client.send({ method: "POST", path: `${path}?uploads`, keep: true });
  return /<UploadId>([^<]+)</.exec(text)?.[1] ?? "";
}

/** Resolves with the part's ETag. */
async function sendPart(
  { client }: GatewayUnderTest,
  path: string,
  id: string,
  part: number,
  body: Buffer,
): Promise<string> {
  const answer = await client.open({ method: "PUT", path: `${path}?partNumber=${part}&uploadId=${id}`, body });
  answer.resume();
  return answer.headers.etag ?? "";
}

/** Resolves with what CompleteMultipartUpload took, in milliseconds. */
async function completeUpload(
  { client }: GatewayUnderTest,
  path: string,
  id: string,
  etags: readonly string[],
): Promise<number> {
  const parts = etags.map((etag, n) => `<Part><PartNumber>${n + 1}</PartNumber><ETag>${etag}</ETag></Part>`).join("");
  const body = Buffer.from(`<CompleteMultipartUpload>${parts}</CompleteMultipartUpload>`);
  const began = performance.now();
  await client.send({ method: "POST", path: `${path}?uploadId=${id}`, body });
  return performance.now() - began;
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
  const id = await beginUpload(gateway, path);
  const etags: string[] = [];
  const start = performance.now();
  await inParallel(size / PART, WIDTH, async (n) => {
    await new Promise((resolve) => setTimeout(resolve, start + (n * PART) / pace - performance.now()));
    // Each part is another, and no body is copied: the same buffer serves all requests at once.
    etags[n] = await sendPart(gateway, path, id, n + 1, bytes.subarray(n, n + PART));
  });
  return completeUpload(gateway, path, id, etags);
}

/** One client completes uploads of one part of 1 kB, and puts objects of that size in between: medians. */
async function completeSmall(
  multipartEtag: MultipartEtag,
  wanted: { readonly atMost: number },
  bytes: Buffer,
): Promise<Figure> {
  const gateway = await GatewayUnderTest.start({ multipartEtag });
  const puts: number[] = [];
  const completions: number[] = [];
  try {
    await gateway.client.send({ method: "PUT", path: "/bench" });
    for (let n = 0; n < WARM_UP + SMALL_UPLOADS; n++) {
      const body = bytes.subarray(n, n + SMALL_PART);
      const began = performance.now();
      await gateway.client.send({ method: "PUT", path: `/bench/put-${n}`, body });
      const put = performance.now() - began;
      const path = `/bench/completed-${n}`;
      const id = await beginUpload(gateway, path);
      const completed = await completeUpload(gateway, path, id, [await sendPart(gateway, path, id, 1, body)]);
      if (n < WARM_UP) continue;
      puts.push(put);
      completions.push(completed);
    }
  } finally {
    await gateway.close();
  }
  return {
    what: `Complete of one part of 1 kB, ETag ${multipartEtag}: p50`,
    ours: { value: percentile(completions, 0.5), unit: "ms" },
    reference: { what: "PutObject of 1 kB, p50", value: percentile(puts, 0.5), unit: "ms" },
    wanted,
  };
}

/** Many clients complete uploads of one part of 1 kB, and put objects of that size: how many a second. */
async function completeMany(
  multipartEtag: MultipartEtag,
  bytes: Buffer,
): Promise<{ readonly completions: number; readonly puts: number }> {
  const gateway = await GatewayUnderTest.start({ multipartEtag });
  try {
    await gateway.client.send({ method: "PUT", path: "/bench" });
    const rate = async (count: number, work: (n: number) => Promise<unknown>) => {
      const began = performance.now();
      await inParallel(count, CLIENTS, work);
      return (count * 1000) / (performance.now() - began);
    };
    const body = (n: number) => bytes.subarray(n, n + SMALL_PART);
    const begun: { readonly path: string; readonly id: string; readonly etag: string }[] = [];
    await inParallel(WARM_UP + MANY_UPLOADS, CLIENTS, async (n) => {
      const path = `/bench/completed-${n}`;
      const id = await beginUpload(gateway, path);
      begun.push({ path, id, etag: await sendPart(gateway, path, id, 1, body(n)) });
    });
    const complete = async () => {
      const { path, id, etag } = begun.pop()!;
      await completeUpload(gateway, path, id, [etag]);
    };
    const put = (n: number) => gateway.client.send({ method: "PUT", path: `/bench/put-${n}`, body: body(n) });
    for (let n = 0; n < WARM_UP; n++) {
      await complete();
      await put(n);
    }
    return { puts: await rate(MANY_UPLOADS, put), completions: await rate(MANY_UPLOADS, complete) };
  } finally {
    await gateway.close();
  }
}

/** Completions of many clients, against the hashes that the cores can make and against PutObject. */
async function manySmall(bytes: Buffer): Promise<Figure[]> {
  const segment = Buffer.alloc(SEGMENT_SIZE);
  const began = performance.now();
  createHash("sha256").update(segment).digest();
  const hashes = (availableParallelism() * 1000) / (performance.now() - began);
  const withFid = await completeMany("fid", bytes);
  const withMd5 = await completeMany("md5-parts", bytes);
  const what = (etag: MultipartEtag) => `Complete of one part of 1 kB, ${CLIENTS} clients, ETag ${etag}`;
  return [
    {
      what: what("fid"),
      ours: { value: withFid.completions, unit: "/s" },
      reference: { what: "SHA-256 of one segment each, on all cores", value: hashes, unit: "/s" },
      wanted: { atLeast: 0.7 },
    },
    {
      what: what("md5-parts"),
      ours: { value: withMd5.completions, unit: "/s" },
      reference: { what: "PutObject of 1 kB", value: withMd5.puts, unit: "/s" },
      wanted: { atLeast: 0.6 },
    },
  ];
}

/**
 * CompleteMultipartUpload of 1 kB against PutObject, then after 256 MiB and after 4 GiB against preprocessing two
 * segments. About 70 s.
 */
export async function benchCompletion(): Promise<Figure[]> {
  const bytes = randomFillSync(Buffer.allocUnsafe(SEGMENT_SIZE + (4 * GIB) / PART));
  const limit = {
    what: "preprocessing two segments",
    value: await twoSegments(bytes.subarray(0, SEGMENT_SIZE)),
    unit: "ms",
  };
  const figures = [
    await completeSmall("fid", { atMost: 3 }, bytes),
    await completeSmall("md5-parts", { atMost: 1.5 }, bytes),
    ...(await manySmall(bytes)),
  ];
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
