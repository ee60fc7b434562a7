import type { BlobId, BlobSlice } from "../model/object.js";
import type { ByteRange } from "../model/byte-range.js";
import type { Quarantine } from "./quarantine.js";

export type { Quarantine, QuarantinedFile } from "./quarantine.js";
import type { Checksummed } from "../streams/piece-checksums.js";

/**
 * Local immutable bytes: staging. A blob exists from the moment `write` resolves until `remove`.
 * The catalog says which blobs are needed; one it does not know is an orphan and may be swept.
 */
export interface Blobs {
  /**
   * Stores the stream's bytes under a new unguessable id. Resolves when they would survive a power cut (file and folder
   * synced). On any failure (of the source, or an abort) nothing is left behind, and the error is passed on; a full
   * disk is a DomainError `storageFull`, before anything is read of a source whose size was announced. The source may
   * reuse a chunk's memory when it is asked for the next one. A new blob is never swept before `settle` is called for it.
   */
  write(source: AsyncIterable<Uint8Array>, options?: WriteOptions): Promise<StoredBlob>;
  /** The catalog now knows these blobs, or never will: from now on they may be swept if nothing links them. */
  settle(ids: readonly BlobId[]): void;
  /**
   * The bytes, or those of `range`, each piece of them checked before any byte of it is given: DomainError
   * `stagedBytesDamaged` for one that is not what was written, or not there any more. Throws BlobMissing at the first
   * byte for a missing blob that nothing needs.
   */
  read(id: BlobId, range?: ByteRange): AsyncGenerator<Uint8Array, void>;
  /** False for a blob that was written before there were checksums: what is read of it may be anything. */
  isChecked(id: BlobId): boolean;
  /** The file and offset of a slice, for worker threads, which check it. Valid while the blob is pinned or linked. */
  locate(slice: BlobSlice): LocatedBytes;
  /** Keeps blobs readable although `remove` is called, until the returned function is called (deferred removal). */
  pin(ids: readonly BlobId[]): () => void;
  /** For blobs that the catalog let go of, or that this process wrote for nothing. Idempotent; unknown ids are no error. */
  remove(ids: readonly BlobId[]): Promise<void>;
  /**
   * Every blob that may be swept (settled, unpinned), in no order; unfinished writes of earlier processes are not
   * listed: they are removed at start.
   */
  list(): AsyncIterable<StoredBlob>;
  /** For blobs that nothing links and of which this process does not know why. */
  readonly quarantine: Quarantine;
  /** Until the returned function is called, removed blobs stay on the disk: a backup is reading them. */
  holdRemovals(): () => void;
  /** Bytes that new blobs may still take of the device; 0 when they are refused. */
  free(): Promise<number>;
  /** Resolves when all accepted writes are finished. */
  close(): Promise<void>;
}

export interface WriteOptions {
  readonly signal?: AbortSignal | undefined;
  /** How many bytes the source will have, where that is known. */
  readonly size?: number | undefined;
  /** The blob lets others be removed that take as much: part of the disk's reserve is open to it. */
  readonly intoReserve?: boolean;
}

/** `length` bytes from byte `offset` of a local file, which are a blob's or some of them. */
export interface LocatedBytes {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
  readonly blob: {
    readonly id: BlobId;
    /** Of the blob's first byte in the file. */
    readonly offset: number;
    /** Undefined: the blob was written before there were checksums. */
    readonly checksummed: Checksummed | undefined;
  };
}

export interface StoredBlob {
  readonly id: BlobId;
  readonly size: number;
}

export class BlobMissing extends Error {
  constructor(readonly id: BlobId) {
    super(`no blob ${id}`);
    this.name = "BlobMissing";
  }
}
