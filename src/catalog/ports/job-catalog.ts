import type { SegmentFormat } from "../../model/file.js";
import type { Fid } from "../../model/hash.js";

export type JobKind = "encode" | "store" | "delete";

export interface Job {
  readonly id: string;
  readonly kind: JobKind;
  /** A version's id (encode) or a file row's id (store, delete). */
  readonly subject: string;
  readonly attempt: number;
  readonly format?: SegmentFormat;
  /** The fencing number: it grows with each lease of the job. */
  readonly lease: number;
}

export interface JobCatalog {
  /**
   * Leases up to `limit` due jobs of these kinds, oldest first, for `leaseMs`. Until then nobody else gets them, unless
   * the clocks of two gateways differ by more than that: then the number tells whose they are.
   */
  lease(kinds: readonly JobKind[], limit: number, leaseMs: number): Promise<readonly Job[]>;
  /** Extends the lease. Rejects with LeaseLost when it is not current, as `release` and `finish` do. */
  extend(job: Job, leaseMs: number): Promise<void>;
  /** Gives the job back, due at `at`. `failed` counts a failed attempt; its text is kept until a step succeeds. */
  release(job: Job, at: number, failed?: string): Promise<void>;
  finish(job: Job): Promise<void>;
  /** Makes the jobs of this FID's files due now, after an event on chain. Returns how many. */
  wakeFid(fid: Fid): Promise<number>;
  wakeAll(kind: JobKind): Promise<number>;
  /**
   * When the next job (of these kinds) is due; undefined when there are none. A leased job is due at the end of its
   * lease.
   */
  nextDue(kinds?: readonly JobKind[]): Promise<number | undefined>;
  /** Ends the leases that an earlier process of this gateway left. Called once at start, before any is taken. */
  releaseOwn(): Promise<void>;
  count(): Promise<Readonly<Record<JobKind, number>>>;
}
