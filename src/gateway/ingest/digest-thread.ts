import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import type { ChecksumAlgorithm } from "../../model/checksum.js";
import { beginDigest, type RunningDigest } from "../../model/digest.js";

const NICENESS = 5;

/**
 * What a digest thread is told. `body` numbers the bodies of one thread; `start` and `length` lie in the shared memory.
 */
export type DigestOrder =
  | { readonly kind: "begin"; readonly body: number; readonly algorithms: readonly ChecksumAlgorithm[] }
  | { readonly kind: "update"; readonly body: number; readonly start: number; readonly length: number }
  | { readonly kind: "finish"; readonly body: number }
  | { readonly kind: "drop"; readonly body: number };

/** What it answers, to every `update` and `finish`, in their order. */
export interface DigestAnswer {
  readonly body: number;
  /** After `finish`: the digests in the order of the algorithms. */
  readonly values?: readonly Uint8Array[];
}

/**
 * On Linux this concerns the calling thread alone: where cores are scarce the event loop goes first, so that hashing
 * never keeps a small request waiting.
 */
if (process.platform === "linux") setPriority(NICENESS);

const memory = new Uint8Array((workerData as { readonly memory: SharedArrayBuffer }).memory);
const bodies = new Map<number, readonly RunningDigest[]>();
/** Beginning is asynchronous the first time an algorithm is used, and orders must not overtake each other. */
let last = Promise.resolve();

async function obey(order: DigestOrder): Promise<void> {
  const { kind, body } = order;
  if (kind === "begin")
    bodies.set(body, await Promise.all(order.algorithms.map((algorithm) => beginDigest(algorithm))));
  else if (kind === "drop") bodies.delete(body);
  else if (kind === "update") {
    const bytes = memory.subarray(order.start, order.start + order.length);
    for (const digest of bodies.get(body) ?? []) digest.update(bytes);
    parentPort?.postMessage({ body } satisfies DigestAnswer);
  } else {
    const values = (bodies.get(body) ?? []).map((digest) => Uint8Array.from(digest.digest()));
    bodies.delete(body);
    parentPort?.postMessage({ body, values } satisfies DigestAnswer);
  }
}

parentPort?.on("message", (order: DigestOrder) => {
  last = last.then(() => obey(order));
});
