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
   * reuse a chunk's memory when it is asked for the next one. A new blob is never swept before `settle` is called for it,
   * by no process. When staging is away it is a DomainError `dependencyUnavailable`.
   */
  write(source: AsyncIterable<Uint8Array>, options?: WriteOptions): Promise<StoredBlob>;
  /**
   * To be called just before the transaction that links blobs which this process wrote. Throws DomainError
   * `dependencyUnavailable` for one that has waited so long that another process may have swept it.
   */
  requireFresh(ids: readonly BlobId[]): void;
  /** The catalog now knows these blobs, or never will: from now on they may be swept if nothing links them. */
  settle(ids: readonly BlobId[]): void;
  /**
   * The bytes, or those of `range`, each piece of them checked before any byte of it is given: DomainError
   * `stagedBytesDamaged` for one that is not what was written, or not there any more. Throws BlobMissing at the first
   * byte for a missing blob that nothing needs.
   */
  read(id: BlobId, range?: ByteRange): AsyncGenerator<Uint8Array, void>;
  /**
   * The bytes, or those of `range` within them, where this process has them in memory. A blob that this process was told to
   * remove is not there.
   */
  inMemory(id: BlobId, range?: ByteRange): Uint8Array | undefined;
  /** False for a blob that was written before there were checksums: what is read of it may be anything. */
  isChecked(id: BlobId): boolean;
  /**
   * Runs `work` with local bytes of these slices, in their order, for worker threads, which check them. They are there
   * until `work` has ended, of blobs that are pinned or linked.
   */
  withLocal<T>(
    slices: readonly BlobSlice[],
    work: (content: readonly LocatedBytes[]) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T>;
  /** Where a blob lies, for operators: a path or a URL. */
  where(id: BlobId): string;
  /** Bytes of the blob that are there, fewer than were written where it was cut off; undefined: it is missing. */
  sizeOf(id: BlobId): Promise<number | undefined>;
  /**
   * Keeps blobs readable in this process although `remove` is called here, until the returned function is called
   * (deferred removal). Another process does not know of it: what it removes is missing.
   */
  pin(ids: readonly BlobId[]): () => void;
  /** For blobs that the catalog let go of, or that this process wrote for nothing. Idempotent; unknown ids are no error. */
  remove(ids: readonly BlobId[]): Promise<void>;
  /**
   * Every blob that may be swept (settled, unpinned; where others write too: old enough), in no order. Unfinished writes
   * of earlier processes are not listed.
   */
  list(): AsyncIterable<StoredBlob>;
  /** For blobs that nothing links and of which this process does not know why. */
  readonly quarantine: Quarantine;
  /** Until the returned function is called, no process removes blobs: a backup is reading them. */
  holdRemovals(): Promise<() => void>;
  /** Bytes that new blobs may still take of the device; 0 when they are refused. */
  free(): Promise<number>;
  /** Of the store that blobs are sent to; undefined where they are files. */
  readonly traffic?: StoreTraffic;
  /** Resolves when all accepted writes are finished. */
  close(): Promise<void>;
}

/** Requests to a store, by operation, since the start; and bytes held here because of it. */
export interface StoreTraffic {
  readonly requests: Readonly<Record<string, number>>;
  readonly failures: Readonly<Record<string, number>>;
  /** Of bodies on their way. */
  readonly memoryBytes: number;
  /** Of local copies. */
  readonly spoolBytes: number;
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
