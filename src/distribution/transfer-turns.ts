import { LRUCache } from "lru-cache";
import { Semaphore } from "../async/semaphore.js";
import { FRAGMENT_SIZE } from "../model/sizes.js";
import { FragmentPool } from "./fragment-pool.js";
import type { DistributionSettings } from "./settings.js";

/** Files whose transfers' progress is remembered; when one is forgotten, its fragments are only sent again. */
const REMEMBERED_FILES = 1_000;

/** How many segments' fragments of one index a node has taken. */
export interface Progress {
  readonly node: string;
  readonly segments: number;
}

/** What all transfers of this process share: limits, and what nodes have taken in transfers that paused. */
export class TransferTurns {
  /** A permit is one fragment in memory. Files are its queues. */
  readonly memory: Semaphore;
  /** How many permits that has. */
  readonly most: number;
  /** Where the fragments are. */
  readonly fragments: FragmentPool;
  /**
   * A permit is one fragment that a node, its group, is given or waits for. It comes before the memory, so that what waits
   * for a slow node is not in memory.
   */
  readonly nodes: Semaphore;
  /** By row. */
  private readonly progress = new LRUCache<string, Map<number, Progress>>({ max: REMEMBERED_FILES });

  constructor({ bytesInFlight, fragmentsPerNode }: DistributionSettings) {
    this.most = Math.max(1, Math.floor(bytesInFlight / FRAGMENT_SIZE));
    this.memory = new Semaphore({ permits: this.most });
    this.fragments = new FragmentPool(this.most);
    this.nodes = new Semaphore({ permits: Infinity, permitsPerGroup: fragmentsPerNode });
  }

  /** By index. */
  progressOf(row: string): Map<number, Progress> {
    const progress = this.progress.get(row) ?? new Map<number, Progress>();
    this.progress.set(row, progress);
    return progress;
  }

  forget(row: string): void {
    this.progress.delete(row);
  }
}
