import type { SegmentFormat, SegmentHashes } from "../model/file.js";
import type { Hash } from "../model/hash.js";

/** `length` bytes from byte `offset` of a local file. A segment's content is one or more of them, in order. */
export interface FileSlice {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

export interface Task {
  /** `background` work waits while `foreground` work is queued. */
  readonly priority?: "foreground" | "background";
  readonly signal?: AbortSignal;
  /** Called when a thread begins with it: from then on it takes as long as it takes, whatever else is queued. */
  readonly onStart?: () => void;
}

export interface NumberedFragment {
  /** 0…11 */
  readonly index: number;
  /** 8 MiB. Given away to the encoder: it is transferred to a worker and unusable after the call. */
  readonly bytes: Uint8Array;
}

/** A fragment to be made, and what it must hash to. */
export interface WantedFragment {
  /** 0…3 */
  readonly index: number;
  readonly hash: Hash;
}

export interface Reconstruction {
  /** What was given, again for the caller to use and give away. */
  readonly available: NumberedFragment[];
  /** What was wanted, in that order; undefined where the four make something of another hash. */
  readonly made: (Uint8Array | undefined)[];
}

/**
 * CPU work on segments, done in worker threads. Queue and memory are bounded: busy threads make the caller wait, and a
 * full queue refuses with a DomainError `overloaded`.
 */
export interface Encoder {
  /**
   * `format`: of a file that begins with this segment. Hashes of the segment whose content (at most the format's
   * capacity; the rest is zeros) the slices hold, and of its 12 fragments.
   */
  hashSegment(content: readonly FileSlice[], format: SegmentFormat, task?: Task): Promise<SegmentHashes>;
  /** The 8 MiB of fragment `index` (0…11) of that segment. */
  fragment(content: readonly FileSlice[], format: SegmentFormat, index: number, task?: Task): Promise<Uint8Array>;
  /** Data fragments that are not among the `available`, any four different ones, which come back with them. */
  reconstruct(
    available: readonly NumberedFragment[],
    wanted: readonly WantedFragment[],
    task?: Task,
  ): Promise<Reconstruction>;
  /** The bytes back if they hash to `hash`, else undefined. The argument is given away. */
  verify(bytes: Uint8Array, hash: Hash, task?: Task): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
}
