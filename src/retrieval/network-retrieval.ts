import type { FragmentCache } from "../cache/cache.js";
import type { Encoder } from "../encoding/encoder.js";
import { ByteStream } from "../streams/byte-stream.js";
import { type ByteRange, rangeLength } from "../model/byte-range.js";
import type { Clock } from "../model/clock.js";
import { FRAGMENT_SIZE, MIB } from "../model/sizes.js";
import { waitFor, type Waits } from "../model/waits.js";
import type { Chain } from "../network/chain/chain.js";
import type { NodeRegistry } from "../network/nodes/node-registry.js";
import type { Nodes } from "../network/nodes/nodes.js";
import { inPack, isReadWhole, PackedObject } from "./packed-object.js";
import { PackedSource, type PackedSettings } from "./packed-source.js";
import type { Peers } from "./peers.js";
import type { StagedFragments } from "./staged-fragments.js";
import { ByteBudget } from "./byte-budget.js";
import { ChainFiles } from "./chain-files.js";
import { DIRECTORY_DEFAULTS, type DirectorySettings, FileDirectory } from "./file-directory.js";
import { FragmentSource, type SourceSettings } from "./fragment-source.js";
import { NodeFetcher } from "./node-fetcher.js";
import { NodeScores, SCORE_DEFAULTS, type ScoreSettings } from "./node-scores.js";
import { PlaintextReader } from "./plaintext.js";
import { type ReadStep, readSteps } from "./read-plan.js";
import type { FileRange, Reach, Retrieval } from "./retrieval.js";

export interface RetrievalComponents {
  readonly chain: Chain;
  /** Those that tell the registry what transfers were like. */
  readonly nodes: Nodes;
  readonly registry: NodeRegistry;
  readonly cache: FragmentCache;
  readonly encoder: Encoder;
  readonly clock: Clock;
  /** Other gateways, which are asked before the nodes. */
  readonly peers?: Peers;
  /** Files under repair, which are read from staging. */
  readonly staged?: StagedFragments;
}

export interface RetrievalSettings extends SourceSettings, DirectorySettings, ScoreSettings, PackedSettings {
  /** Bytes of fragments that one stream fetches ahead of its reader. */
  readonly readAheadBytes: number;
  /**
   * Bytes of fragments that all streams hold together. A stream waits for its first fragment, and reads ahead only
   * while there is room.
   */
  readonly heldBytes: number;
  /** Time limit for one fragment from one node. Milliseconds. */
  readonly attemptMs: number;
}

export const RETRIEVAL_DEFAULTS: RetrievalSettings = {
  ...DIRECTORY_DEFAULTS,
  ...SCORE_DEFAULTS,
  readAheadBytes: 56 * MIB,
  heldBytes: 512 * MIB,
  fetchBytes: 128 * MIB,
  raceBytes: 192 * MIB,
  attemptMs: 60_000,
  recheckMs: 10_000,
  peerHeadStartMs: 400,
  objectCacheBytes: 32 * MIB,
};

/** One instance for all: capturing a stack would cost more than a small read. */
const READER_LEFT = new DOMException("the reader has left", "AbortError");

/** How one reader reads. */
interface Reading {
  readonly reach: Reach;
  readonly signal: AbortSignal;
  readonly waits: Waits | undefined;
}

/** A step with its pending fragment, or with the pieces that are read when its turn comes. */
interface Ahead {
  readonly step: ReadStep;
  readonly fragment: Promise<Uint8Array> | undefined;
  readonly pieces: AsyncGenerator<Uint8Array, void> | undefined;
  readonly release: () => void;
}

/**
 * Retrieval from the CESS network through the fragment cache. The settings limit its memory, whatever the number of
 * readers.
 */
export class NetworkRetrieval implements Retrieval {
  private readonly settings: RetrievalSettings;
  private readonly held: ByteBudget;
  private readonly source: FragmentSource;
  private readonly packed: PackedSource;
  /** Fetches and verifies single fragments. */
  readonly fetcher: NodeFetcher;
  /** What the chain says about files, from the same cache that reads use. */
  readonly files: ChainFiles;

  constructor(components: RetrievalComponents, settings: Partial<RetrievalSettings> = {}) {
    this.settings = { ...RETRIEVAL_DEFAULTS, ...settings };
    this.held = new ByteBudget(this.settings.heldBytes);
    const scores = new NodeScores(components.registry, this.settings);
    const directory = new FileDirectory(components, this.settings);
    this.fetcher = new NodeFetcher(components, this.settings);
    const parts = { ...components, scores, directory, fetcher: this.fetcher };
    this.source = new FragmentSource(parts, this.settings);
    this.files = new ChainFiles({ directory, fragments: this.source });
    this.packed = new PackedSource({ ...parts, fragments: this.source }, this.settings);
  }

  open(files: readonly FileRange[], signal?: AbortSignal, reach: Reach = "peers", waits?: Waits): Promise<ByteStream> {
    const controller = new AbortController();
    return ByteStream.begin(this.chunks(files, { reach, signal: controller.signal, waits }), signal, (ended) => {
      if (!ended) controller.abort(READER_LEFT);
    });
  }

  /**
   * Counters since the start, for the metrics page; `bytesInFlight`, `bytesHeld` and `objectCacheBytes` are of this
   * moment.
   */
  metrics(): Readonly<Record<string, number>> {
    const { counts, bytesInFlight } = this.source;
    return {
      ...counts,
      ...this.fetcher.counts,
      ...this.packed.counts,
      bytesInFlight,
      bytesHeld: this.held.used,
      objectCacheBytes: this.packed.cachedBytes,
    };
  }

  /** Packed objects are no longer read from memory. The fragment cache is not this class's. */
  forgetObjects(): void {
    this.packed.forget();
  }

  private async *chunks(files: readonly FileRange[], reading: Reading): AsyncGenerator<Uint8Array, void> {
    let plain: FileRange[] = [];
    for (const each of files) {
      if (!each.packed || !isReadWhole(each.packed)) {
        plain.push(inPack(each));
        continue;
      }
      yield* this.fragments(plain, reading);
      plain = [];
      yield* this.packedObject(new PackedObject(each.file, each.packed), each.range, reading);
    }
    yield* this.fragments(plain, reading);
  }

  private async *packedObject(
    object: PackedObject,
    range: ByteRange,
    { reach, signal, waits }: Reading,
  ): AsyncGenerator<Uint8Array, void> {
    for (const part of object.parts(range)) {
      const release = await this.held.take(rangeLength(part), signal);
      try {
        const bytes = await waitFor(waits, "nodes", this.packed.get(object, part, reach, signal));
        yield* object.content(part, bytes, range);
      } finally {
        release();
      }
    }
  }

  private async *fragments(files: readonly FileRange[], reading: Reading): AsyncGenerator<Uint8Array, void> {
    const { reach, signal, waits } = reading;
    const steps = readSteps(files);
    const window: Ahead[] = [];
    const plaintext = new PlaintextReader();
    try {
      for (;;) {
        if (window.length === 0) {
          const next = steps.next();
          if (next.done === true) return;
          window.push(this.ahead(next.value, await this.held.take(FRAGMENT_SIZE, signal), reach, signal));
        }
        this.readAhead(steps, window, reach, signal);
        const [current] = window;
        if (!current) return;
        if (current.pieces) yield* this.inPieces(current.step, current.pieces, reach, signal);
        else if (current.fragment) yield* plaintext.read(current.step, await waitFor(waits, "nodes", current.fragment));
        window.shift();
        current.release();
      }
    } finally {
      for (const { release } of window) release();
    }
  }

  /** Fills the window as far as its budget and free memory allow. */
  private readAhead(steps: Iterator<ReadStep, void>, window: Ahead[], reach: Reach, signal: AbortSignal): void {
    while (window.length * FRAGMENT_SIZE <= this.settings.readAheadBytes) {
      const release = this.held.tryTake(FRAGMENT_SIZE);
      if (!release) return;
      const next = steps.next();
      if (next.done === true) {
        release();
        return;
      }
      window.push(this.ahead(next.value, release, reach, signal));
    }
  }

  /** If the cache loses the fragment meanwhile, the rest is read from the network. */
  private async *inPieces(
    step: ReadStep,
    pieces: AsyncGenerator<Uint8Array, void>,
    reach: Reach,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void> {
    let { start } = step;
    try {
      for await (const piece of pieces) {
        start += piece.length;
        yield piece;
      }
    } catch {
      yield (await this.source.get(step, reach, signal)).subarray(start, step.end);
    }
  }

  private ahead(step: ReadStep, release: () => void, reach: Reach, signal: AbortSignal): Ahead {
    const pieces = this.source.stream(step);
    if (pieces) {
      // Pieces hold almost no memory.
      release();
      return { step, pieces, fragment: undefined, release };
    }
    const fragment = this.source.get(step, reach, signal);
    // It is awaited when its turn comes. Without this, an earlier failure would count as unhandled.
    fragment.catch(() => undefined);
    return { step, fragment, pieces: undefined, release };
  }
}
