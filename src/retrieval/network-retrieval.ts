import type { Readable } from "node:stream";
import type { FragmentCache } from "../cache/cache.js";
import type { Encoder } from "../encoding/encoder.js";
import type { Clock } from "../model/clock.js";
import { FRAGMENT_SIZE, MIB } from "../model/sizes.js";
import type { Chain } from "../network/chain/chain.js";
import type { NodeBook } from "../network/nodes/node-book.js";
import type { Nodes } from "../network/nodes/nodes.js";
import { ByteBudget } from "./byte-budget.js";
import { DIRECTORY_DEFAULTS, type DirectorySettings, FileDirectory } from "./file-directory.js";
import { FragmentSource, type SourceSettings } from "./fragment-source.js";
import { FragmentStream } from "./fragment-stream.js";
import { NodeFetcher } from "./node-fetcher.js";
import { NodeScores, SCORE_DEFAULTS, type ScoreSettings } from "./node-scores.js";
import { PlaintextReader } from "./plaintext.js";
import { type ReadStep, readSteps } from "./read-plan.js";
import type { FileRange, Retrieval } from "./retrieval.js";

export interface RetrievalComponents {
  readonly chain: Chain;
  /** Those that write into the book what transfers were like. */
  readonly nodes: Nodes;
  readonly book: NodeBook;
  readonly cache: FragmentCache;
  readonly encoder: Encoder;
  readonly clock: Clock;
}

export interface RetrievalSettings extends SourceSettings, DirectorySettings, ScoreSettings {
  /** Bytes of fragments one stream fetches ahead of what its reader has taken. */
  readonly readAheadBytes: number;
  /** Bytes of fragments that all streams hold together; a stream waits for its first, and reads ahead only in what is free. */
  readonly heldBytes: number;
  /** A node that has not sent a fragment by then has failed. Milliseconds. */
  readonly attemptMs: number;
}

export const RETRIEVAL_DEFAULTS: RetrievalSettings = {
  ...DIRECTORY_DEFAULTS,
  ...SCORE_DEFAULTS,
  readAheadBytes: 24 * MIB,
  heldBytes: 512 * MIB,
  fetchBytes: 128 * MIB,
  raceBytes: 192 * MIB,
  attemptMs: 60_000,
  recheckMs: 10_000,
};

interface Ahead {
  readonly step: ReadStep;
  readonly bytes: Promise<Uint8Array>;
  readonly release: () => void;
}

/** Retrieval from the CESS network through the fragment cache. Memory is bounded by the settings, not by the readers. */
export class NetworkRetrieval implements Retrieval {
  readonly #settings: RetrievalSettings;
  readonly #held: ByteBudget;
  readonly #source: FragmentSource;
  readonly #fetcher: NodeFetcher;

  constructor(components: RetrievalComponents, settings: Partial<RetrievalSettings> = {}) {
    this.#settings = { ...RETRIEVAL_DEFAULTS, ...settings };
    this.#held = new ByteBudget(this.#settings.heldBytes);
    const scores = new NodeScores(components.book, this.#settings);
    const directory = new FileDirectory(components, this.#settings);
    this.#fetcher = new NodeFetcher(components, this.#settings);
    this.#source = new FragmentSource({ ...components, scores, directory, fetcher: this.#fetcher }, this.#settings);
  }

  async open(files: readonly FileRange[], signal?: AbortSignal): Promise<Readable> {
    signal?.throwIfAborted();
    const controller = new AbortController();
    const abandon = () => controller.abort(signal?.reason);
    signal?.addEventListener("abort", abandon, { once: true });
    const chunks = this.#chunks(files, controller.signal);
    try {
      const stream = new FragmentStream(await chunks.next(), chunks, controller);
      const end = () => stream.destroy(signal?.reason as Error);
      signal?.addEventListener("abort", end, { once: true });
      stream.once("close", () => signal?.removeEventListener("abort", end));
      return stream;
    } finally {
      signal?.removeEventListener("abort", abandon);
    }
  }

  /** Counters since the start, for the metrics page; `bytesInFlight` and `bytesHeld` are of this moment. */
  metrics(): Readonly<Record<string, number>> {
    const { counts, bytesInFlight } = this.#source;
    return { ...counts, ...this.#fetcher.counts, bytesInFlight, bytesHeld: this.#held.used };
  }

  async *#chunks(files: readonly FileRange[], signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    const steps = readSteps(files);
    const window: Ahead[] = [];
    const plaintext = new PlaintextReader();
    try {
      for (;;) {
        if (window.length === 0) {
          const next = steps.next();
          if (next.done === true) return;
          window.push(this.#ahead(next.value, await this.#held.take(FRAGMENT_SIZE, signal), signal));
        }
        this.#readAhead(steps, window, signal);
        const [current] = window;
        if (!current) return;
        yield* plaintext.read(current.step, await current.bytes);
        window.shift();
        current.release();
      }
    } finally {
      for (const { release } of window) release();
    }
  }

  /** Fills the window as far as its budget and free memory allow. */
  #readAhead(steps: Iterator<ReadStep, void>, window: Ahead[], signal: AbortSignal): void {
    while (window.length * FRAGMENT_SIZE <= this.#settings.readAheadBytes) {
      const release = this.#held.tryTake(FRAGMENT_SIZE);
      if (!release) return;
      const next = steps.next();
      if (next.done === true) {
        release();
        return;
      }
      window.push(this.#ahead(next.value, release, signal));
    }
  }

  #ahead(step: ReadStep, release: () => void, signal: AbortSignal): Ahead {
    const bytes = this.#source.get(step.file, step.segment, step.fragment, signal);
    // Awaited when its turn comes; a failure before that must not count as unhandled.
    bytes.catch(() => undefined);
    return { step, bytes, release };
  }
}
