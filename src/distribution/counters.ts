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
  bytesSent = 0;
  nodeFailures = 0;
  reassignments = 0;
  /** Deals that the chain dropped and that were declared again. */
  dealsLost = 0;
  /** Fragment indexes that had no node when a transfer ended, each time. */
  unplaced = 0;
  retries = 0;

  snapshot(): Readonly<Record<string, number>> {
    return Object.fromEntries(Object.entries(this));
  }
}
