import { randomFillSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { digestFile } from "../../src/encoding/file-digest.js";
import { ThreadEncoder } from "../../src/encoding/thread-encoder.js";
import { PLAIN } from "../../src/model/file.js";
import { MIB } from "../../src/model/sizes.js";
import type { Figure } from "./figure.js";

/** Bytes preprocessed in a round; rounds of ours and of plain hashing alternate, and the best of each counts. */
const SIZE = 512 * MIB;
const ROUNDS = 4;

/** Hashes `size` bytes of memory in a thread of its own. Milliseconds. */
function hashInThread(size: number): Promise<number> {
  const program = `
    const { createHash, randomFillSync } = require("node:crypto");
    const { parentPort, workerData } = require("node:worker_threads");
    if (process.platform === "linux") require("node:os").setPriority(10); // as the encoder's threads
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

/**
 * FID, segment and fragment hashes of a file against plain SHA-256 of four times the bytes, on as many threads. About
 * 10 s.
 */
export async function benchPreprocessing(): Promise<Figure[]> {
  const threads = availableParallelism();
  const folder = mkdtempSync(join(tmpdir(), "cess-s3-bench-"));
  const encoder = new ThreadEncoder({ threads });
  const ours: number[] = [];
  const plain: number[] = [];
  try {
    const path = join(folder, "input");
    writeFileSync(path, randomFillSync(Buffer.allocUnsafe(SIZE)));
    // A first round starts the threads and lets their code be compiled.
    await digestFile(encoder, path, PLAIN);
    for (let round = 0; round < ROUNDS; round++) {
      const began = performance.now();
      await digestFile(encoder, path, PLAIN);
      ours.push(performance.now() - began);
      plain.push(
        Math.max(...(await Promise.all(Array.from({ length: threads }, () => hashInThread((4 * SIZE) / threads))))),
      );
    }
  } finally {
    await encoder.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return [
    {
      what: `preprocess ${SIZE / MIB} MiB on ${threads} threads`,
      ours: { value: Math.min(...ours), unit: "ms" },
      reference: { what: `SHA-256 of ${(4 * SIZE) / MIB} MiB`, value: Math.min(...plain), unit: "ms" },
      wanted: { atMost: 1.25 },
    },
  ];
}
