import type { NodeFailure } from "../network/nodes/nodes.js";

/** Names and numbers of the counters. */
export type DistributionCounts = Readonly<Record<CounterName, number>>;
type CounterName = { [Name in keyof Counters]: Counters[Name] extends number ? Name : never }[keyof Counters];

/** What distribution has done since this process began; all only grow. */
export class Counters {
  encoded = 0;
  declarations = 0;
  declared = 0;
  refusals = 0;
  stored = 0;
  failed = 0;
  deletions = 0;
  discarded = 0;
  fragmentsSent = 0;
  /** Fragments that a node did not take: each attempt. */
  fragmentsRefused = 0;
  fragmentsTimedOut = 0;
  fragmentsFailed = 0;
  bytesSent = 0;
  nodeFailures = 0;
  reassignments = 0;
  /** Deals that the chain dropped and that were declared again. */
  dealsLost = 0;
  /** Fragment indexes that had no node when a transfer ended, each time. */
  unplaced = 0;
  /** Attempts of jobs that failed and are made again. */
  encodeFailures = 0;
  storeFailures = 0;
  deleteFailures = 0;
  /** Steps given up because somebody else got the job meanwhile. */
  leasesLost = 0;

  /** A fragment was not taken. What was not even tried does not count. */
  notTaken(failure: NodeFailure): void {
    if (failure.kind === "circuit-open" || failure.kind === "busy") return;
    if (failure.kind === "refused") this.fragmentsRefused++;
    else if (failure.timedOut) this.fragmentsTimedOut++;
    else this.fragmentsFailed++;
  }

  snapshot(): DistributionCounts {
    return Object.fromEntries(Object.entries(this)) as DistributionCounts;
  }
}
