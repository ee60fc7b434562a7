import type { StorageState } from "../../model/object.js";
import type { JobKind } from "./job-catalog.js";

/**
 * `leased`: a worker has it. `failing`: its last attempt failed, and it waits for the next one. `due`: it waits for a
 * worker. `waiting`: it waits for a time, or an event on chain.
 */
export const jobStates = ["due", "waiting", "leased", "failing"] as const;
export type JobState = (typeof jobStates)[number];

export interface JobCount {
  readonly kind: JobKind;
  readonly state: JobState;
  readonly count: number;
  /** When the oldest of them was added. */
  readonly oldest: number;
}

/** A job, with what it is about: the object (encode), or the file (store, delete). */
export interface ListedJob {
  readonly id: string;
  readonly kind: JobKind;
  readonly subject: string;
  readonly state: JobState;
  /** Attempts that failed so far. */
  readonly attempt: number;
  /** Why the last attempt failed. */
  readonly failure?: string;
  readonly createdAt: number;
  /** When it is tried next; of a leased one, when its lease ends. */
  readonly dueAt: number;
  readonly bucket?: string;
  readonly key?: string;
  readonly fid?: string;
}

/** A file that the network refused for good. It has no job. */
export interface FailedFile {
  readonly file: string;
  readonly fid: string;
  readonly failure: string;
}

/** Versions of a bucket that are in the same state, with as many fragments left. */
export interface DurabilityGroup {
  readonly state: StorageState | "failed";
  /** Fragments left of the worst segment of their files, 0 to 12; undefined before the first look, and without files. */
  readonly redundancy?: number;
  readonly objects: number;
  readonly bytes: number;
}

export type StateTimes = Readonly<Partial<Record<"encoded" | "declared" | "placed" | "stored", number>>>;

/** What operators are shown: nothing that serves requests depends on it. Times are milliseconds since 1970. */
export interface StatusCatalog {
  jobs(): Promise<readonly JobCount[]>;
  /** The failing ones first, then the oldest. `before`: only those, and those that are failing or older than this. */
  listJobs(limit: number, before?: number): Promise<readonly ListedJob[]>;
  job(kind: JobKind, subject: string): Promise<ListedJob | undefined>;
  /** Makes a job that waits due now. False: there is none, or a worker has it. */
  retryJob(id: string): Promise<boolean>;
  /** The same for all failing jobs. Returns how many. */
  retryFailing(): Promise<number>;
  failedFiles(limit: number): Promise<readonly FailedFile[]>;
  /**
   * Versions by state; empty ones are `stored`, and delete markers are left out. `failed`: the network refused a file of
   * theirs.
   */
  objects(): Promise<Readonly<Record<StorageState | "failed", number>>>;
  /** The first `limit` versions of a bucket in the order of keys, delete markers left out, by state and redundancy. */
  bucketDurability(bucket: string, limit: number): Promise<readonly DurabilityGroup[]>;
  /** When the oldest version whose bytes the network does not have was written; undefined when there is none. */
  oldestStaged(): Promise<number | undefined>;
  /** Fragments that each node was sent, of the newest `files` files that are neither failed nor being deleted. */
  fragmentsByNode(files: number): Promise<ReadonlyMap<string, number>>;
  /** When a file came to each state on its way, as far as it was seen; nothing of what is not there. */
  stateTimes(file: string): Promise<StateTimes>;
  /** Since when a version waits for a pack; undefined when it does not. */
  queuedAt(version: string): Promise<number | undefined>;
}
