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
}

export interface JobCatalog {
  /**
   * Takes up to `limit` due jobs of these kinds, oldest first, for `leaseMs`: no other process gets them until then.
   */
  lease(kinds: readonly JobKind[], limit: number, leaseMs: number): Promise<readonly Job[]>;
  /** Keeps a lease. */
  extend(id: string, leaseMs: number): Promise<void>;
  /** Gives the job back, due at `at`. `failed` counts an attempt; its text is kept until a step goes well. */
  release(id: string, at: number, failed?: string): Promise<void>;
  finish(id: string): Promise<void>;
  /** Makes the jobs of these files due now (an event on chain concerns them). Returns how many. */
  wakeFid(fid: Fid): Promise<number>;
  wakeAll(kind: JobKind): Promise<number>;
  /**
   * When the next one (of these kinds) is due; undefined when there are none. Leased ones count at their lease's end.
   */
  nextDue(kinds?: readonly JobKind[]): Promise<number | undefined>;
  /** Leases that earlier processes of this gateway left are void (called once at start, single-gateway only). */
  releaseAll(): Promise<void>;
  count(): Promise<Readonly<Record<JobKind, number>>>;
}
