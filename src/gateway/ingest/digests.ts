import type { ChecksumAlgorithm } from "../../model/checksum.js";
import { beginDigest, type RunningDigest } from "../../digests/digest.js";

/** Raw digests. Numbers are in network byte order. */
export type DigestValues = ReadonlyMap<ChecksumAlgorithm, Buffer>;

/** Computes the digests of bodies while their bytes pass through. */
export interface Digests {
  /**
   * Yields the bytes of `source`, perhaps in other chunks, and returns their digests. A chunk is valid until the next one
   * is requested. `size`: a hint of the number of bytes. SlowDown when no memory is left for another body.
   */
  over(
    source: AsyncIterable<Uint8Array>,
    algorithms: ReadonlySet<ChecksumAlgorithm>,
    size?: number,
  ): AsyncGenerator<Uint8Array, DigestValues>;
  close(): Promise<void>;
}

/** Computes digests on the caller's thread: for small bodies, where a call to another thread takes longer than the work. */
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
