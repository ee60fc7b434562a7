import { onAbort } from "../async/abort.js";
import { after } from "../async/timer.js";
import type { FragmentCache } from "../cache/cache.js";
import type { Encoder } from "../encoding/encoder.js";
import type { Clock } from "../model/clock.js";
import { DomainError } from "../model/errors.js";
import type { CessFile, SegmentHashes } from "../model/file.js";
import { type Hash, ZERO_FRAGMENT_HASH } from "../model/hash.js";
import { DATA_FRAGMENTS, FRAGMENT_SIZE } from "../model/sizes.js";
import type { NodeAddress } from "../network/nodes/nodes.js";
import type { NodeFetcher } from "./node-fetcher.js";
import type { NodeScores } from "./node-scores.js";
import { RestoredSegment } from "./restored-segment.js";
import { type Input, SegmentRestorer } from "./segment-restorer.js";

/** Fragments of a segment that a race fetches or holds at one time. */
export const RACE_WIDTH = 8;

export interface RaceComponents {
  readonly cache: FragmentCache;
  readonly encoder: Encoder;
  readonly clock: Clock;
  readonly scores: NodeScores;
  readonly fetcher: NodeFetcher;
}

export interface RaceEntry {
  readonly file: CessFile;
  readonly hashes: SegmentHashes;
  readonly holders: readonly (NodeAddress | undefined)[];
  /** The wanted data fragment. Its holder was asked before the race, so it is asked last now. */
  readonly late: number;
}

interface Lane {
  readonly index: number;
  readonly node: NodeAddress;
}

/**
 * Fetches fragments of a segment in parallel until four of them make the wanted one; then the others are cancelled.
 * Runs as many fetches as are needed, and one more for each that takes longer than expected of its node.
 */
export class SegmentRace {
  private readonly inputs: Input[] = [];
  private readonly lanes: Lane[];
  private readonly failures: string[] = [];
  private readonly controller = new AbortController();
  private running = 0;
  /** Running fetches that are not overdue. */
  private inTime = 0;
  private wake: () => void = () => undefined;

  constructor(
    private readonly components: RaceComponents,
    private readonly entry: RaceEntry,
  ) {
    const rank = ({ index, node }: Lane) => (index === entry.late ? Infinity : components.scores.cost(node.account));
    this.lanes = entry.holders
      .flatMap((node, index) => (node ? [{ index, node }] : []))
      .map((lane) => ({ lane, rank: rank(lane) }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ lane }) => lane);
  }

  /** Rejects with DomainError `objectUnavailable` when there are fewer than four good fragments. */
  async run(signal: AbortSignal): Promise<RestoredSegment> {
    signal.throwIfAborted();
    const stopListening = onAbort(signal, (reason) => this.controller.abort(reason));
    try {
      await this.takeAvailable();
      const restorer = new SegmentRestorer(this.components, this.entry);
      for (;;) {
        await this.gatherFour(signal);
        const restored = await restorer.restore(this.inputs.splice(0, DATA_FRAGMENTS), this.entry.late, signal);
        if (restored instanceof RestoredSegment) return restored;
        this.failures.push(`${DATA_FRAGMENTS - restored.length} gave wrong bytes`);
        this.inputs.unshift(...restored);
      }
    } finally {
      stopListening();
      this.controller.abort(new DOMException("the race is over", "AbortError"));
    }
  }

  private async gatherFour(signal: AbortSignal): Promise<void> {
    while (this.inputs.length < DATA_FRAGMENTS) {
      signal.throwIfAborted();
      const here = this.inputs.length;
      while (here + this.inTime < DATA_FRAGMENTS && here + this.running < RACE_WIDTH) if (!this.start()) break;
      if (here + this.running < DATA_FRAGMENTS) throw this.unavailable();
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  /** Zero fragments and cached ones need no node. They are copied: the winners are given away. */
  private async takeAvailable(): Promise<void> {
    for (const [index, hash] of this.entry.hashes.fragments.slice(0, DATA_FRAGMENTS).entries()) {
      if (hash === ZERO_FRAGMENT_HASH) this.inputs.push({ index, bytes: new Uint8Array(FRAGMENT_SIZE) });
      else if (index !== this.entry.late) {
        const cached = await this.components.cache.get(hash);
        if (cached) this.inputs.push({ index, bytes: new Uint8Array(cached) });
      }
    }
    for (const { index } of this.inputs) {
      const lane = this.lanes.findIndex((other) => other.index === index);
      if (lane >= 0) this.lanes.splice(lane, 1);
    }
  }

  private start(): boolean {
    const lane = this.lanes.shift();
    const hash = lane && this.entry.hashes.fragments[lane.index];
    if (!lane || !hash) return false;
    this.running++;
    const stopWaiting = this.expectInTime(lane, hash);
    void this.fetch(lane, hash).then(() => {
      this.running--;
      stopWaiting();
    });
    return true;
  }

  /** For as long as its node should take at most. Returns how to end that. */
  private expectInTime({ node }: Lane, hash: Hash): () => void {
    const patience = this.components.scores.hedgeDelay(node.account);
    if (patience === 0) return () => this.wake();
    this.inTime++;
    let counted = true;
    const end = () => {
      if (counted) this.inTime--;
      counted = false;
      this.wake();
    };
    const cancelTimer = after(this.components.clock, patience, () => {
      if (!this.components.fetcher.hasArrived(node, { fid: this.entry.file.fid, hash })) end();
    });
    return () => {
      cancelTimer();
      end();
    };
  }

  /** Never rejects. */
  private async fetch({ index, node }: Lane, hash: Hash): Promise<void> {
    try {
      const { bytes, verified } = await this.components.fetcher.fetchInput(
        node,
        { fid: this.entry.file.fid, hash },
        this.controller.signal,
      );
      this.inputs.push({ index, bytes, ...(!verified && { unverified: node }) });
    } catch (error) {
      this.failures.push(error instanceof Error ? error.message : String(error));
    }
  }

  private unavailable(): DomainError {
    // Running fetches count as found. They are not awaited, since they could not make up for the missing ones.
    const found = this.inputs.length + this.running;
    const message =
      `at most ${found} good fragments of segment ${this.entry.hashes.hash} of file ${this.entry.file.fid} were found, ` +
      `${DATA_FRAGMENTS} are needed`;
    return new DomainError({ kind: "objectUnavailable" }, message, { cause: new Error(this.failures.join("; ")) });
  }
}
