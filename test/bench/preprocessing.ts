import { createHash, randomFillSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { digestFile } from "../../src/encoding/file-digest.js";
import { ThreadEncoder } from "../../src/encoding/thread-encoder.js";
import { PLAIN } from "../../src/model/file.js";
import { MIB } from "../../src/model/sizes.js";

const SIZE = 256 * MIB;

/** Hashes `size` bytes of memory in a thread of its own. Milliseconds. */
function hashInThread(size: number): Promise<number> {
  const program = `
    const { createHash, randomFillSync } = require("node:crypto");
    const { parentPort, workerData } = require("node:worker_threads");
    const piece = randomFillSync(Buffer.alloc(65536));
    const began = performance.now();
    const hash = createHash("sha256");
    for (let done = 0; done < workerData; done += piece.length) hash.update(piece);
    hash.digest();
    parentPort.postMessage(performance.now() - began);`;
  return new Promise((resolve, reject) => {
    const worker = new Worker(program, { eval: true, execArgv: [], workerData: size });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

/** FID, segment and fragment hashes of 256 MiB against plain SHA-256 of four times the bytes, on as many threads. About 5 s. */
export async function benchPreprocessing(print: (line: string) => void): Promise<void> {
  const threads = availableParallelism();
  const folder = mkdtempSync(join(tmpdir(), "cess-s3-bench-"));
  const encoder = new ThreadEncoder({ threads });
  try {
    const path = join(folder, "input");
    const bytes = randomFillSync(Buffer.allocUnsafe(SIZE));
    writeFileSync(path, bytes);
    // A first round starts the threads and lets their code be compiled.
    await digestFile(encoder, path, PLAIN);
    const began = performance.now();
    const { fid } = await digestFile(encoder, path, PLAIN);
    const ours = performance.now() - began;
    const plain = Math.max(...(await Promise.all(Array.from({ length: threads }, () => hashInThread((4 * SIZE) / threads)))));
    print(`preprocessing of 256 MiB on ${threads} threads: ${ours.toFixed(0)} ms, SHA-256 of 1 GiB ${plain.toFixed(0)} ms, ` +
      `ratio ${(ours / plain).toFixed(2)} (FID ${fid.slice(0, 8)}, input ${createHash("md5").update(bytes).digest("hex").slice(0, 8)})`);
  } finally {
    await encoder.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
