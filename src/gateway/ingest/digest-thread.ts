import { setPriority } from "node:os";
import { workerData } from "node:worker_threads";
import type { ChecksumAlgorithm } from "../../model/checksum.js";
import { KIB } from "../../model/sizes.js";
import { beginDigest, type RunningDigest } from "../../digests/digest.js";
import { serveCalls } from "../../threads/thread-calls.js";

const NICENESS = 12;
/** All digests take so many bytes before the next ones are read: they are in the processor's cache then. */
const BLOCK_BYTES = 64 * KIB;

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
    const digests = bodies.get(body) ?? [];
    for (let at = start, end = start + length; at < end; at += BLOCK_BYTES) {
      const block = memory.subarray(at, Math.min(at + BLOCK_BYTES, end));
      for (const digest of digests) digest.update(block);
    }
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
