import type { ChecksumAlgorithm } from "../../model/checksum.js";
import { beginDigest, type RunningDigest } from "../../model/digest.js";

/** Raw digests, numbers in network byte order. */
export type DigestValues = ReadonlyMap<ChecksumAlgorithm, Buffer>;

/** Computes the digests of bodies while their bytes pass through. */
export interface Digests {
  /**
   * Gives the bytes of `source`, perhaps cut otherwise, and returns their digests. A chunk is good until the next one
   * is asked for. `size`: bytes, where known; a hint. SlowDown when no memory is left for another body.
   */
  over(
    source: AsyncIterable<Uint8Array>,
    algorithms: ReadonlySet<ChecksumAlgorithm>,
    size?: number,
  ): AsyncGenerator<Uint8Array, DigestValues>;
  close(): Promise<void>;
}

/** On the caller's own thread: for small bodies, where another thread's answer would take longer than the work. */
export class InlineDigests implements Digests {
  async *over(
    source: AsyncIterable<Uint8Array>,
    algorithms: ReadonlySet<ChecksumAlgorithm>,
  ): AsyncGenerator<Uint8Array, DigestValues> {
    const digests = new Map<ChecksumAlgorithm, RunningDigest>();
    for (const algorithm of algorithms) digests.set(algorithm, await beginDigest(algorithm));
    for await (const chunk of source) {
      for (const digest of digests.values()) digest.update(chunk);
      yield chunk;
    }
    return new Map([...digests].map(([algorithm, digest]) => [algorithm, digest.digest()] as const));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
