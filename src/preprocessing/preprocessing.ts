import type { NewFile } from "../catalog/catalog.js";
import type { CessFile, SegmentFormat } from "../model/file.js";
import type { Fid } from "../model/hash.js";
import type { BlobSlice } from "../model/object.js";

/** Turns staged bytes into CESS files (FID and hashes), resumably: finished segments are saved in the catalog. */
export interface Preprocessing {
  /**
   * The files that these bytes become: one, or several of at most 1,000 segments. Segments that were prepared for
   * `subject` from the same slices are not computed again.
   */
  files(
    subject: string,
    content: readonly BlobSlice[],
    settings: FileSettings,
    signal?: AbortSignal,
  ): Promise<NewFile[]>;
  /** The Merkle root over all segments of these files (at least one). For a single file this is its FID. */
  root(files: readonly CessFile[]): Fid;
  /**
   * The root of the files that these bytes (at least one) will become, for a request that waits: nothing is coded and
   * nothing is saved. Segments that were prepared for `subject` are not hashed again, but checked as by `check`.
   */
  rootOf(
    subject: string,
    content: readonly BlobSlice[],
    settings: Pick<FileSettings, "format">,
    signal?: AbortSignal,
  ): Promise<Fid>;
  /** Rejects with DomainError `stagedBytesDamaged` unless these bytes are what was written. */
  check(subject: string, content: readonly BlobSlice[], signal?: AbortSignal): Promise<void>;
  /**
   * Starts to prepare, in the background and at low priority, the whole segments that parts 1…k of an upload cover.
   * Called after every stored part with its number. Returns at once; never fails.
   */
  advance(upload: string, format: SegmentFormat, part: number): void;
  /** Stops background work on this upload (completed or aborted). */
  forget(upload: string): void;
  close(): Promise<void>;
}

/** What requests need of it. */
export type UploadPreprocessing = Pick<Preprocessing, "rootOf" | "check" | "advance" | "forget">;

export interface FileSettings {
  readonly format: SegmentFormat;
  readonly territory: string;
  readonly priority: "foreground" | "background";
}
