import type { Fid } from "../../model/hash.js";
import type { BlobId } from "../../model/object.js";
import type { Usage } from "../../model/quota.js";
import type { FileState } from "./file-catalog.js";

/** How far into a blob the catalog's rows reach, and a row that does. */
export interface LinkedBlob {
  readonly blob: BlobId;
  /** Bytes that the blob must have, at least. */
  readonly end: number;
  /** `BUCKET/KEY`, `part N of the upload ID`, or `file FID`. */
  readonly of: string;
}

/** Rows that stand for nothing: what they belong to is gone. */
export interface DanglingRows {
  /** For `removeDangling`. */
  readonly rule: string;
  /** In words, after a number: `jobs to encode objects that do not exist`. */
  readonly what: string;
  readonly count: number;
  /** Nothing depends on them any more. False where something is missing rather than left. */
  readonly removable: boolean;
}

/** A file on its way to the network that no job takes there. */
export interface StuckFile {
  readonly file: string;
  readonly fid: Fid;
  readonly state: FileState;
}

/** A bucket whose counted usage is not what its versions and parts add up to. */
export interface WrongUsage {
  readonly bucket: string;
  readonly counted: Usage;
  readonly actual: Usage;
}

/** Asks whether the catalog agrees with itself, for `cess-s3 fsck`. Each question reads whole tables. */
export interface InspectionCatalog {
  /** What rows link, a page at a time; a blob may come several times. */
  linkedBlobs(): AsyncIterable<LinkedBlob>;
  /** The blobs that rows link and whose ids contain this text. */
  linkedContaining(text: string): Promise<readonly BlobId[]>;
  dangling(): Promise<readonly DanglingRows[]>;
  removeDangling(rule: string): Promise<void>;
  wrongUsages(): Promise<readonly WrongUsage[]>;
  /** Counts all of the bucket anew. */
  recount(bucket: string): Promise<void>;
  stuckFiles(): Promise<readonly StuckFile[]>;
  /** Adds the job that such a file lacks. */
  resume(file: StuckFile): Promise<void>;
  /** Staged objects that neither wait for a pack nor have a job: `BUCKET/KEY`, at most 1000. */
  stuckObjects(): Promise<readonly string[]>;
  /** Files that count as stored. */
  storedFiles(): AsyncIterable<{ readonly file: string; readonly fid: Fid; readonly owner: string }>;
}
