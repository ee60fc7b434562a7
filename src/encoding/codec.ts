/** Bytes of each fragment that a codec holds at a time. Twelve such strips fit a core's L2 cache. */
export const STRIP_SIZE = 64 * 1024;

/**
 * Reed-Solomon 4+8 on one strip of a segment's twelve fragments. The caller fills `inputs` (four strips, in the order
 * of `from`), calls `transform` and reads `outputs` (up to eight strips, in the order of `to`) before the next call.
 * The strips are the codec's own memory, reused for every column, so a worker needs less than 1 MiB for coding.
 */
export interface Codec {
  readonly inputs: readonly Uint8Array[];
  readonly outputs: readonly Uint8Array[];
  /**
   * Computes bytes 0…`length` (at most STRIP_SIZE) of the fragments `to` from those of four different fragments `from`.
   */
  transform(from: readonly number[], to: readonly number[], length: number): void;
}
