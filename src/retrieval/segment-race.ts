import type { FragmentCache } from "../cache/cache.js";
import type { Encoder, NumberedFragment } from "../encoding/encoder.js";
import type { Clock } from "../model/clock.js";
import { S3Error } from "../model/errors.js";
import type { CessFile, SegmentHashes } from "../model/file.js";
import { type Hash, ZERO_FRAGMENT_HASH } from "../model/hash.js";
import { DATA_FRAGMENTS, FRAGMENT_SIZE } from "../model/sizes.js";
import type { NodeAddress } from "../network/nodes/nodes.js";
import type { NodeFetcher } from "./node-fetcher.js";
import type { NodeScores } from "./node-scores.js";

/** Fragments of a segment that are fetched or held at once, in a race. */
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
  /** The fragment whose holder was asked before and is asked last now. */
  readonly late: number;
}

interface Lane {
  readonly index: number;
  readonly node: NodeAddress;
}

/** All ways to a segment's four data fragments at once: the first four good fragments win, the others are cancelled. */
export class SegmentRace {
  readonly #good: NumberedFragment[] = [];
  readonly #lanes: Lane[];
  readonly #failures: string[] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #controller = new AbortController();

  constructor(
    private readonly components: RaceComponents,
    private readonly entry: RaceEntry,
  ) {
    const rank = ({ index, node }: Lane) => (index === entry.late ? Infinity : components.scores.cost(node.account));
    this.#lanes = entry.holders
      .flatMap((node, index) => (node ? [{ index, node }] : []))
      .map((lane) => ({ lane, rank: rank(lane) }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ lane }) => lane);
  }

  /** The verified data fragments 0…3. Rejects with S3Error ObjectUnavailable when there are fewer than four good ones. */
  async run(signal: AbortSignal): Promise<Uint8Array[]> {
    signal.throwIfAborted();
    const abandon = () => this.#controller.abort(signal.reason);
    signal.addEventListener("abort", abandon, { once: true });
    try {
      await this.#takeWhatIsHere();
      while (this.#good.length < DATA_FRAGMENTS) {
        signal.throwIfAborted();
        while (this.#good.length + this.#running.size < DATA_FRAGMENTS) if (!this.#start()) break;
        if (this.#good.length + this.#running.size < DATA_FRAGMENTS) throw this.#unavailable();
        await this.#untilNews();
      }
    } finally {
      signal.removeEventListener("abort", abandon);
      this.#controller.abort(new DOMException("the race is over", "AbortError"));
    }
    return this.#reconstruct(signal);
  }

  /** Zero fragments and cached ones need no node. They are copied: reconstruction takes its input away. */
  async #takeWhatIsHere(): Promise<void> {
    for (const [index, hash] of this.entry.hashes.fragments.slice(0, DATA_FRAGMENTS).entries()) {
      if (hash === ZERO_FRAGMENT_HASH) this.#good.push({ index, bytes: new Uint8Array(FRAGMENT_SIZE) });
      else if (index !== this.entry.late) {
        const cached = await this.components.cache.get(hash);
        if (cached) this.#good.push({ index, bytes: new Uint8Array(cached) });
      }
    }
    for (const { index } of this.#good) {
      const lane = this.#lanes.findIndex((other) => other.index === index);
      if (lane >= 0) this.#lanes.splice(lane, 1);
    }
  }

  /** Resolves after one fragment came or failed; after a while of neither it starts one more and resolves. */
  async #untilNews(): Promise<void> {
    const timer = new AbortController();
    const late = this.components.clock.sleep(this.components.scores.hedgeStep(), timer.signal).then(
      () => {
        if (this.#good.length + this.#running.size < RACE_WIDTH) this.#start();
      },
      () => undefined,
    );
    const canWiden = this.#lanes.length > 0 && this.#good.length + this.#running.size < RACE_WIDTH;
    try {
      await Promise.race(canWiden ? [...this.#running, late] : this.#running);
    } finally {
      timer.abort();
    }
  }

  #start(): boolean {
    const lane = this.#lanes.shift();
    const hash = lane && this.entry.hashes.fragments[lane.index];
    if (!lane || !hash) return false;
    const running = this.#fetch(lane, hash).finally(() => this.#running.delete(running));
    this.#running.add(running);
    return true;
  }

  async #fetch({ index, node }: Lane, hash: Hash): Promise<void> {
    try {
      const bytes = await this.components.fetcher.fetch(node, { fid: this.entry.file.fid, hash }, this.#controller.signal);
      // A data fragment may have other readers, and reconstruction takes its input away.
      if (this.#good.length < DATA_FRAGMENTS) this.#good.push({ index, bytes: index < DATA_FRAGMENTS ? new Uint8Array(bytes) : bytes });
    } catch (error) {
      this.#failures.push(error instanceof Error ? error.message : String(error));
    }
  }

  async #reconstruct(signal: AbortSignal): Promise<Uint8Array[]> {
    const believed = new Set(this.#good.map(({ index }) => index));
    const made = await this.components.encoder.reconstruct(this.#good, { signal });
    return Promise.all(
      made.map(async (bytes, index) => {
        const hash = this.entry.hashes.fragments[index];
        const verified = believed.has(index) || !hash ? bytes : await this.components.encoder.verify(bytes, hash, { signal });
        if (verified) return verified;
        const message = `fragment ${index} of segment ${this.entry.hashes.hash}, made of four good ones, has not its hash`;
        throw new S3Error("ObjectUnavailable", { message });
      }),
    );
  }

  #unavailable(): S3Error {
    // What still runs is not awaited, since it could not make up for what is missing: it counts as found.
    const found = this.#good.length + this.#running.size;
    const message =
      `at most ${found} good fragments of segment ${this.entry.hashes.hash} of file ${this.entry.file.fid} were found, ` +
      `${DATA_FRAGMENTS} are needed`;
    return new S3Error("ObjectUnavailable", { message, cause: new Error(this.#failures.join("; ")) });
  }
}
