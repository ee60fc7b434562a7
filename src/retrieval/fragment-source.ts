import { onAbort } from "../async/abort.js";
import type { CessFile, SegmentHashes } from "../model/file.js";
import { DomainError } from "../model/errors.js";
import { type Hash, ZERO_FRAGMENT_HASH } from "../model/hash.js";
import { FRAGMENT_SIZE } from "../model/sizes.js";
import type { Peers } from "./peers.js";
import type { StagedFragments } from "./staged-fragments.js";
import { ByteBudget } from "./byte-budget.js";
import type { FileDirectory } from "./file-directory.js";
import type { ReadStep } from "./read-plan.js";
import { RACE_WIDTH, type RaceComponents, SegmentRace } from "./segment-race.js";
import type { RestoredSegment } from "./restored-segment.js";
import type { Reach } from "./retrieval.js";
import { SharedWork } from "./shared-work.js";

/** One instance for all: capturing a stack would cost more than a small read. */
const FRAGMENT_HERE = new DOMException("the fragment is here", "AbortError");

export interface SourceSettings {
  /** Bytes of data fragments that are being fetched from their own nodes, in the whole process. */
  readonly fetchBytes: number;
  /** Bytes of fragments in races, in the whole process: 64 MiB each. */
  readonly raceBytes: number;
  /** Before a segment is given up, chain data older than this is read again. Milliseconds. */
  readonly recheckMs: number;
  /** Head start of other gateways before the storage nodes are asked. Milliseconds. */
  readonly peerHeadStartMs: number;
}

export interface SourceCounts {
  reads: number;
  cached: number;
  fromPeers: number;
  /** Fetched from the storage nodes, or reconstructed from their fragments. */
  fromNodes: number;
  races: number;
  racesWon: number;
}

/** A data fragment, as a step of a read names it. */
export interface FragmentPlace {
  readonly file: CessFile;
  readonly segment: number;
  /** 0…3 */
  readonly fragment: number;
}

interface Wanted {
  readonly file: CessFile;
  readonly segment: number;
  readonly hashes: SegmentHashes;
  readonly fragment: number;
  readonly hash: Hash;
}

const ZERO_FRAGMENT = new Uint8Array(FRAGMENT_SIZE);

/**
 * Any data fragment of any file, verified: from the cache, else from another gateway, else from its node, else, when
 * that is slow, gone or gives corrupt bytes, made of any four others. All readers of a fragment share one fetch, and all of a segment
 * share one race. What comes from here is shared and cached: it must be neither changed nor transferred.
 */
export class FragmentSource {
  readonly counts: SourceCounts = { reads: 0, cached: 0, fromPeers: 0, fromNodes: 0, races: 0, racesWon: 0 };
  private readonly fetches = new SharedWork<Uint8Array>();
  private readonly races = new SharedWork<RestoredSegment>();
  private readonly fetchBudget: ByteBudget;
  private readonly raceBudget: ByteBudget;

  constructor(
    private readonly components: RaceComponents & {
      readonly directory: FileDirectory;
      readonly peers?: Peers;
      readonly staged?: StagedFragments;
    },
    private readonly settings: SourceSettings,
  ) {
    this.fetchBudget = new ByteBudget(settings.fetchBytes);
    // A separate budget: a fetch that waits for a race must not wait for other fetches that do the same (deadlock).
    this.raceBudget = new ByteBudget(settings.raceBytes);
  }

  get bytesInFlight(): number {
    return this.fetchBudget.used + this.raceBudget.used;
  }

  /**
   * Data fragment 0…3, from no farther than `reach`. Rejects with DomainError `objectUnavailable`, or with the signal's
   * reason.
   */
  async get({ file, segment, fragment }: FragmentPlace, reach: Reach, signal?: AbortSignal): Promise<Uint8Array> {
    const hashes = file.segments[segment];
    const hash = hashes?.fragments[fragment];
    if (!hashes || !hash) throw new RangeError(`file ${file.fid} has no fragment ${fragment} in segment ${segment}`);
    this.counts.reads++;
    if (hash === ZERO_FRAGMENT_HASH) return ZERO_FRAGMENT;
    const held = this.components.cache.held(hash);
    if (held) {
      this.counts.cached++;
      return held;
    }
    const wanted = { file, segment, hashes, fragment, hash };
    // Shared by reach: a caller that may not ask peers must not wait for one that does, since that peer may be waiting
    // for us.
    return this.fetches.run(`${hash} ${reach}`, (shared) => this.read(wanted, reach, shared), signal);
  }

  /** The step's bytes directly from the cache's disk, where possible. Only for fragments that need no decryption. */
  stream({ file, segment, fragment, start, end }: ReadStep): AsyncGenerator<Uint8Array, void> | undefined {
    const hash = file.segments[segment]?.fragments[fragment];
    if (file.format.name !== "plain" || hash === undefined || hash === ZERO_FRAGMENT_HASH) return undefined;
    const stream = this.components.cache.stream(hash, { start, end });
    if (stream) {
      this.counts.reads++;
      this.counts.cached++;
    }
    return stream;
  }

  /** The step's bytes, which the caller owns, if nobody need be asked for them: of zeros, or of a cached fragment. */
  async cached(step: ReadStep): Promise<Uint8Array | undefined> {
    const { file, segment, fragment, start, end } = step;
    const hash = file.segments[segment]?.fragments[fragment];
    if (hash === undefined) return undefined;
    if (hash === ZERO_FRAGMENT_HASH) return new Uint8Array(end - start);
    const held = this.components.cache.held(hash);
    const pieces = held ? undefined : this.stream(step);
    if (pieces) {
      const bytes = new Uint8Array(end - start);
      let at = 0;
      try {
        for await (const piece of pieces) {
          bytes.set(piece, at);
          at += piece.length;
        }
        return bytes;
      } catch {
        // The cache has lost the fragment meanwhile.
        return undefined;
      }
    }
    const whole = held ?? (await this.components.cache.get(hash));
    if (!whole) return undefined;
    this.counts.reads++;
    this.counts.cached++;
    return whole.slice(start, end);
  }

  private async read(wanted: Wanted, reach: Reach, signal: AbortSignal): Promise<Uint8Array> {
    const cached = await this.components.cache.get(wanted.hash);
    if (cached) {
      this.counts.cached++;
      return cached;
    }
    signal.throwIfAborted();
    const staged = await this.fromStaging(wanted, signal);
    if (staged) return staged;
    const { peers } = this.components;
    if (reach === "peers" && peers) return this.fromPeersOrNodes(peers, wanted, signal);
    if (reach === "cache")
      throw new DomainError({ kind: "objectUnavailable" }, `fragment ${wanted.hash} is not cached here`);
    return this.countedFromNodes(wanted, signal);
  }

  /** Of a file under repair. What is damaged there may still be right on the network. */
  private async fromStaging({ file, segment, fragment, hash }: Wanted, signal: AbortSignal) {
    const { staged, encoder } = this.components;
    const bytes = await staged?.fragment(file.fid, segment, fragment);
    return bytes && encoder.verify(bytes, hash, { signal });
  }

  /** Asks peers first. After their head start the nodes are asked as well, and the first good answer wins. */
  private async fromPeersOrNodes(peers: Peers, wanted: Wanted, signal: AbortSignal): Promise<Uint8Array> {
    const controller = new AbortController();
    const stopListening = onAbort(signal, (reason) => controller.abort(reason));
    try {
      const asked = peers
        .fragment(wanted.file, wanted.segment, wanted.fragment, controller.signal)
        .catch(() => undefined);
      const late = this.components.clock.sleep(this.settings.peerHeadStartMs, controller.signal).then(
        () => undefined,
        () => undefined,
      );
      const early = await Promise.race([asked, late]);
      signal.throwIfAborted();
      if (early) return this.fromPeer(wanted.hash, early);
      const nodes = this.countedFromNodes(wanted, controller.signal);
      const peer = asked.then((bytes) => (bytes ? this.fromPeer(wanted.hash, bytes) : nodes));
      return await Promise.any([nodes, peer]).catch(() => nodes);
    } finally {
      stopListening();
      controller.abort(FRAGMENT_HERE);
    }
  }

  private fromPeer(hash: Hash, bytes: Uint8Array): Uint8Array {
    this.counts.fromPeers++;
    return this.keep(hash, bytes);
  }

  private async countedFromNodes(wanted: Wanted, signal: AbortSignal): Promise<Uint8Array> {
    const bytes = await this.fromNodes(wanted, signal);
    this.counts.fromNodes++;
    return bytes;
  }

  private async fromNodes(wanted: Wanted, signal: AbortSignal): Promise<Uint8Array> {
    try {
      return await this.fetch(wanted, 0, signal);
    } catch (error) {
      // Fragments move when nodes leave, so look up the current holders before giving up.
      const recent = this.components.clock.now() - this.settings.recheckMs;
      if (
        signal.aborted ||
        !(error instanceof DomainError) ||
        !this.components.directory.olderThan(wanted.file.fid, recent)
      )
        throw error;
      return this.fetch(wanted, recent, signal);
    }
  }

  private async fetch(wanted: Wanted, notBefore: number, signal: AbortSignal): Promise<Uint8Array> {
    const holders = await this.components.directory.holders(wanted.file, wanted.segment, notBefore, signal);
    const race = (raceSignal: AbortSignal) => this.race(wanted, holders, raceSignal);
    const node = holders[wanted.fragment];
    if (!node) return race(signal);

    const release = await this.fetchBudget.take(FRAGMENT_SIZE, signal);
    const controller = new AbortController();
    const stopListening = onAbort(signal, (reason) => controller.abort(reason));
    try {
      signal.throwIfAborted();
      const { scores, fetcher, clock } = this.components;
      const hedge = scores.hedgeDelay(node.account);
      const name = { fid: wanted.file.fid, hash: wanted.hash };
      const direct = fetcher.fetch(node, name, controller.signal);
      // It is awaited through other promises below. Without this, a late rejection would end the process.
      direct.catch(() => undefined);
      const late = clock
        .sleep(hedge, controller.signal)
        .then(() => (fetcher.hasArrived(node, name) ? direct : undefined))
        .catch(() => undefined);
      const early = await Promise.race([direct.catch(() => undefined), late]);
      signal.throwIfAborted();
      if (early) return this.keep(wanted.hash, early);
      const raced = race(controller.signal);
      return await Promise.any([direct.then((bytes) => this.keep(wanted.hash, bytes)), raced]).catch(() => raced);
    } finally {
      stopListening();
      controller.abort(FRAGMENT_HERE);
      release();
    }
  }

  private async race(
    { file, segment, hashes, fragment }: Wanted,
    holders: Awaited<ReturnType<FileDirectory["holders"]>>,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const work = async (shared: AbortSignal) => {
      const release = await this.raceBudget.take(RACE_WIDTH * FRAGMENT_SIZE, shared);
      let all: Promise<unknown> = Promise.resolve();
      try {
        this.counts.races++;
        const restored = await new SegmentRace(this.components, { file, hashes, holders, late: fragment }).run(shared);
        this.counts.racesWon++;
        all = restored.all.then(
          (fragments) => fragments.forEach(({ index, bytes }) => this.keep(hashes.fragments[index], bytes)),
          () => undefined,
        );
        return restored;
      } finally {
        void all.then(release);
      }
    };
    // Several nodes that give corrupt bytes can make one fragment right and another wrong. They are recorded by now and
    // asked last, so one more race is worthwhile.
    for (let mayRetry = true; ; mayRetry = false) {
      const restored = await this.races.run(`${file.fid}/${segment}`, work, signal);
      try {
        return await restored.fragment(fragment);
      } catch (error) {
        if (!mayRetry || signal.aborted) throw error;
      }
    }
  }

  /**
   * Adds the fragment to the cache without waiting for the disk. The cache limits its pending writes, and may drop it.
   */
  private keep(hash: Hash | undefined, bytes: Uint8Array): Uint8Array {
    if (hash !== undefined && hash !== ZERO_FRAGMENT_HASH)
      void this.components.cache.set(hash, bytes).catch(() => undefined);
    return bytes;
  }
}
