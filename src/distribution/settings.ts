import { MIB } from "../model/sizes.js";

export interface DistributionSettings {
  /** Objects preprocessed at the same time. */
  readonly encodeConcurrency: number;
  /** Files ordered and transferred at the same time; one that only waits for reports does not count. */
  readonly storeConcurrency: number;
  readonly deleteConcurrency: number;
  /** The chain's block time; the waits below are counted in blocks. */
  readonly blockMs: number;
  /** Leases of jobs and of FIDs; they are extended while work goes on, so this is how long a crashed gateway blocks it. */
  readonly leaseMs: number;
  /** The least time between two looks for due jobs when nothing wakes the worker. */
  readonly idleFloorMs: number;
  /** How often an idle worker looks for jobs that nobody has told it of, ms: other gateways add some, too. */
  readonly lookMs: number;
  /** Wait after a job's first failed attempt, in blocks; doubles with each … */
  readonly retryMinBlocks: number;
  /** … up to this. */
  readonly retryMaxBlocks: number;
  /** How often a waiting job reads the chain when no event wakes it, in blocks. */
  readonly pollBlocks: number;
  /** A node that has its fragments and does not report within this many blocks loses the index to another node. */
  readonly reportTimeoutBlocks: number;
  /** A deal that is gone must stay gone for this many finalized blocks before it is declared again. */
  readonly vanishedBlocks: number;
  /** Fragments held in memory on their way to nodes, all files together, in bytes. */
  readonly bytesInFlight: number;
  /** Of these, on their way to one node. */
  readonly fragmentsPerNode: number;
  /** Blocks after which a transfer gives its worker to other files; it goes on after them. */
  readonly sliceBlocks: number;
  /** A deletion waits so long, at most, for the journal that tells of it, ms. */
  readonly journalHoldMs: number;
  /** Attempts to give one fragment to one node. */
  readonly putAttempts: number;
  /** Between these, in blocks: a node refuses fragments until it has seen the deal. */
  readonly putRetryBlocks: number;
}

export const DISTRIBUTION_DEFAULTS: DistributionSettings = {
  encodeConcurrency: 2,
  storeConcurrency: 24,
  deleteConcurrency: 2,
  blockMs: 6_000,
  leaseMs: 30_000,
  idleFloorMs: 250,
  lookMs: 5_000,
  retryMinBlocks: 1,
  retryMaxBlocks: 100,
  pollBlocks: 10,
  reportTimeoutBlocks: 10,
  vanishedBlocks: 20,
  bytesInFlight: 96 * MIB,
  fragmentsPerNode: 3,
  sliceBlocks: 5,
  journalHoldMs: 3_600_000,
  putAttempts: 3,
  putRetryBlocks: 1,
};
