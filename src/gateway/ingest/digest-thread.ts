import { setPriority } from "node:os";
import { workerData } from "node:worker_threads";
import type { ChecksumAlgorithm } from "../../model/checksum.js";
import { beginDigest, type RunningDigest } from "../../digests/digest.js";
import { serveCalls } from "../../threads/thread-calls.js";

const NICENESS = 12;

/**
 * Hashing must not make small requests wait, so the event loop gets the processor first. On Linux the priority is set for
 * the calling thread alone.
 */
if (process.platform === "linux") setPriority(NICENESS);

const memory = new Uint8Array((workerData as { readonly memory: SharedArrayBuffer }).memory);
/** The bodies that this thread hashes at the moment, by their number. */
const bodies = new Map<number, readonly RunningDigest[]>();

const calls = {
  begin: async ({ body, algorithms }: { readonly body: number; readonly algorithms: readonly ChecksumAlgorithm[] }) => {
    bodies.set(body, await Promise.all(algorithms.map((algorithm) => beginDigest(algorithm))));
  },

  /** `start` and `length` lie in the shared memory. */
  update: ({ body, start, length }: { readonly body: number; readonly start: number; readonly length: number }) => {
    const bytes = memory.subarray(start, start + length);
    for (const digest of bodies.get(body) ?? []) digest.update(bytes);
  },

  /** The digests in the order of the algorithms. */
  finish: (body: number): readonly Uint8Array[] => {
    const values = (bodies.get(body) ?? []).map((digest) => Uint8Array.from(digest.digest()));
    bodies.delete(body);
    return values;
  },

  drop: (body: number) => {
    bodies.delete(body);
  },
};

/** The calls that a digest thread serves. */
export type DigestCalls = typeof calls;

serveCalls(calls);
