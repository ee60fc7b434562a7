import type { SegmentFormat, SegmentHashes } from "../model/file.js";
import type { Hash } from "../model/hash.js";
import type { Checksummed } from "../streams/piece-checksums.js";

/** `length` bytes from byte `offset` of a local file. A segment's content is one or more of them, in order. */
export interface FileSlice {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
  /** Set for staged bytes: whose they are. */
  readonly blob?: StagedBlob;
}

export interface StagedBlob {
  readonly id: string;
  /** Of its first byte in the file. */
  readonly offset: number;
  /** What its bytes are checked against; undefined: they have no checksums. */
  readonly checksummed: Checksummed | undefined;
}

export interface Task {
  /** `background` work waits while `foreground` work is queued. */
  readonly priority?: "foreground" | "background";
  readonly signal?: AbortSignal;
  /** Called when a thread starts the task. From then on the queue no longer delays it. */
  readonly onStart?: () => void;
}

/** `into`: shared memory for each fragment that is to be made; without it, each has memory of its own. */
export interface FragmentsTask extends Task {
  readonly into?: readonly Uint8Array[];
}

export interface NumberedFragment {
  /** 0…11 */
  readonly index: number;
  /** 8 MiB. The encoder transfers it to a worker: the caller cannot use it after the call. */
  readonly bytes: Uint8Array;
}

/** A fragment to be made, and what it must hash to. */
export interface WantedFragment {
  /** 0…11; of those that are reconstructed 0…3 */
  readonly index: number;
  readonly hash: Hash;
}

export interface Reconstruction {
  /** The inputs, given back to the caller. */
  readonly available: NumberedFragment[];
  /** The wanted fragments, in order; undefined where the result has another hash. */
  readonly made: (Uint8Array | undefined)[];
}

/**
 * CPU work on segments, done in worker threads. Queue and memory are bounded: busy threads make the caller wait, and a
 * full queue refuses with a DomainError `overloaded`. Staged bytes are checked as they are read: DomainError
 * `stagedBytesDamaged` where they are not what was written, which is recorded before the caller is told.
 */
export interface Encoder {
  /**
   * Hashes of the segment whose content the slices hold, and of its 12 fragments. `content`: at most the format's
   * capacity; the rest is zeros. `format`: of a file that begins with this segment.
   */
  hashSegment(content: readonly FileSlice[], format: SegmentFormat, task?: Task): Promise<SegmentHashes>;
  /**
   * The hash of that segment alone, which is all that a FID needs: a quarter of the work. For requests that wait for it,
   * so it does not wait for other work on segments.
   */
  segmentHash(content: readonly FileSlice[], format: SegmentFormat, task?: Task): Promise<Hash>;
  /**
   * The 8 MiB of each wanted fragment of that segment, in order, in one pass over its bytes; undefined where the result
   * has another hash. The memory that is given is returned; after a rejection it may still be written to.
   */
  fragments(
    content: readonly FileSlice[],
    format: SegmentFormat,
    wanted: readonly WantedFragment[],
    task?: FragmentsTask,
  ): Promise<(Uint8Array | undefined)[]>;
  /** Only checks the bytes that are staged, a tenth of the work of hashing them. For requests that wait for it. */
  check(content: readonly FileSlice[], task?: Task): Promise<void>;
  /** Makes data fragments that are not among the `available`: any four different ones, which are given back. */
  reconstruct(
    available: readonly NumberedFragment[],
    wanted: readonly WantedFragment[],
    task?: Task,
  ): Promise<Reconstruction>;
  /** Returns the bytes if they have this hash, else undefined. Transfers the argument. */
  verify(bytes: Uint8Array, hash: Hash, task?: Task): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
}
