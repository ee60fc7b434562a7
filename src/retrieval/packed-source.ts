import { LRUCache } from "lru-cache";
import { onAbort } from "../async/abort.js";
import type { CessAccount } from "../model/account.js";
import { type ByteRange, rangeLength } from "../model/byte-range.js";
import type { Clock } from "../model/clock.js";
import { DomainError } from "../model/errors.js";
import { ZERO_FRAGMENT_HASH } from "../model/hash.js";
import { FRAGMENT_SIZE, MIB, SEGMENT_SIZE } from "../model/sizes.js";
import { type FragmentName, type NodeAddress, NodeFailure } from "../network/nodes/nodes.js";
import { ByteBudget } from "./byte-budget.js";
import type { FileDirectory } from "./file-directory.js";
import type { FragmentSource } from "./fragment-source.js";
import type { NodeFetcher } from "./node-fetcher.js";
import type { NodeScores } from "./node-scores.js";
import type { PackedObject } from "./packed-object.js";
import type { ReadStep } from "./read-plan.js";
import type { Reach } from "./retrieval.js";
import { SharedWork } from "./shared-work.js";

/** Larger objects are not kept in memory, in bytes. */
const LARGEST_KEPT = MIB;
/** Whole fragments that are loaded from the cache at one time, in bytes. */
const LOADED_BYTES = 8 * FRAGMENT_SIZE;
/** What an entry takes beside its bytes. */
const ENTRY_BYTES = 256;
/** For so long a node that gave no ranges is not asked for any, in milliseconds. */
const RANGES_AGAIN_MS = 10 * 60_000;
/** Nodes that are remembered for that. */
const REMEMBERED_NODES = 1024;
/** One instance for all: capturing a stack would cost more than a small read. */
const BYTES_HERE = new DOMException("the bytes are here", "AbortError");

export interface PackedSettings {
  /** Bytes of packed objects that are kept in memory, as they are stored; 0: none. */
  readonly objectCacheBytes: number;
  /** Bytes of whole fragments that are being fetched to cut objects out of them. */
  readonly fetchBytes: number;
}

export interface PackedComponents {
  readonly fragments: FragmentSource;
  readonly directory: FileDirectory;
  readonly fetcher: NodeFetcher;
  readonly scores: NodeScores;
  readonly clock: Clock;
}

/** Part `part` of an object's stored bytes, and the data fragments that hold it. */
interface Wanted {
  readonly object: PackedObject;
  readonly part: ByteRange;
  readonly steps: readonly ReadStep[];
}

/** The bytes of one step, from this node. */
interface Asked {
  readonly step: ReadStep;
  readonly node: NodeAddress;
  readonly name: FragmentName;
}

/**
 * Stored bytes of packed objects, proven: from memory, else cut from cached fragments, else just these bytes from the
 * nodes that hold them, else, when that is slow or fails, cut from fragments that come in the usual way. All readers of
 * the same bytes share one fetch. What comes from here is shared: it must be neither changed nor transferred.
 */
export class PackedSource {
  readonly counts = { objectCacheHits: 0 };
  private readonly kept: LRUCache<string, Uint8Array> | undefined;
  private readonly reads = new SharedWork<Uint8Array>();
  /** Until when a node is not asked for ranges. */
  private readonly wholesOnly = new LRUCache<CessAccount, number>({ max: REMEMBERED_NODES });
  /**
   * Bound the whole fragments in memory, of which a reader has been granted a small part only. What the cache has does
   * not wait for what is fetched.
   */
  private readonly loads = new ByteBudget(LOADED_BYTES);
  private readonly fetches: ByteBudget;

  constructor(
    private readonly components: PackedComponents,
    { objectCacheBytes, fetchBytes }: PackedSettings,
  ) {
    this.fetches = new ByteBudget(fetchBytes);
    if (objectCacheBytes > 0)
      this.kept = new LRUCache({
        maxSize: objectCacheBytes,
        maxEntrySize: Math.min(LARGEST_KEPT + ENTRY_BYTES, objectCacheBytes),
        sizeCalculation: ({ length }) => length + ENTRY_BYTES,
      });
  }

  get cachedBytes(): number {
    return this.kept?.calculatedSize ?? 0;
  }

  forget(): void {
    this.kept?.clear();
  }

  /**
   * One of the object's parts, from no farther than `reach`. Rejects with DomainError `objectUnavailable`, also when
   * the pack, as the network has it, does not hold the object there; or with the signal's reason.
   */
  async get(object: PackedObject, part: ByteRange, reach: Reach, signal?: AbortSignal): Promise<Uint8Array> {
    const kept = this.kept?.get(object.key);
    if (kept) {
      this.counts.objectCacheHits++;
      return kept.subarray(part.start, part.end);
    }
    const wanted = { object, part, steps: object.steps(part) };
    // Shared by reach for the reason that fragments are.
    const key = `${object.key} ${part.start} ${part.end} ${reach}`;
    return this.reads.run(key, (shared) => this.read(wanted, reach, shared), signal);
  }

  private async read(wanted: Wanted, reach: Reach, signal: AbortSignal): Promise<Uint8Array> {
    const cached = await this.fromCache(wanted, signal);
    if (cached) return this.requireProven(wanted, cached);
    signal.throwIfAborted();
    if (reach === "cache") {
      const message = `bytes of file ${wanted.object.pack.fid} are not cached here`;
      throw new DomainError({ kind: "objectUnavailable" }, message);
    }
    return this.fromNodes(wanted, reach, signal);
  }

  /** Undefined unless every fragment is here. */
  private async fromCache({ part, steps }: Wanted, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const bytes = new Uint8Array(rangeLength(part));
    let at = 0;
    for (const step of steps) {
      const piece = await withFragment(this.loads, signal, () => this.components.fragments.cached(step));
      if (!piece) return undefined;
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }

  /** Asks for just these bytes. When they are late or wrong, fragments are fetched, and the first good answer wins. */
  private async fromNodes(wanted: Wanted, reach: Reach, signal: AbortSignal): Promise<Uint8Array> {
    const controller = new AbortController();
    const stopListening = onAbort(signal, (reason) => controller.abort(reason));
    try {
      // If the chain cannot tell, the usual way says so, or looks again.
      const asked = await this.nodesToAsk(wanted, controller.signal).catch(() => undefined);
      if (!asked) return await this.fromFragments(wanted, reach, controller.signal);
      let wrong: Uint8Array | undefined;
      const direct = this.ask(wanted, asked, controller.signal).then(async (bytes) => {
        if (await wanted.object.proves(wanted.part, bytes)) return this.keep(wanted, bytes);
        wrong = bytes;
        throw new Error("the storage nodes gave bytes that are not the object's");
      });
      // It is awaited through other promises below. Without this, a late rejection would end the process.
      direct.catch(() => undefined);
      // As long as for a fragment: what is fetched then instead takes at least that long.
      const { scores, clock } = this.components;
      const patience = Math.min(...asked.map(({ node }) => scores.hedgeDelay(node.account)));
      const late = clock.sleep(patience, controller.signal).catch(() => undefined);
      const early = await Promise.race([direct.catch(() => undefined), late]);
      signal.throwIfAborted();
      if (early) return early;
      const cut = this.fromFragments(wanted, reach, controller.signal, (right) => {
        if (wrong) this.blame(wanted, asked, wrong, right);
      });
      return await Promise.any([direct, cut]).catch(() => cut);
    } finally {
      stopListening();
      controller.abort(BYTES_HERE);
    }
  }

  /** Undefined where a node cannot be asked, so that ranges would not give all bytes. Zeros are not asked for. */
  private async nodesToAsk({ object: { pack }, steps }: Wanted, signal: AbortSignal): Promise<Asked[] | undefined> {
    const asked: Asked[] = [];
    for (const step of steps) {
      const hash = pack.segments[step.segment]?.fragments[step.fragment];
      if (hash === undefined) return undefined;
      if (hash === ZERO_FRAGMENT_HASH) continue;
      const holders = await this.components.directory.holders(pack, step.segment, 0, signal);
      const node = holders[step.fragment];
      if (!node || (this.wholesOnly.get(node.account) ?? 0) > this.components.clock.now()) return undefined;
      asked.push({ step, node, name: { fid: pack.fid, hash } });
    }
    return asked;
  }

  /** The bytes as the nodes give them, not proven. */
  private async ask(wanted: Wanted, asked: readonly Asked[], signal: AbortSignal): Promise<Uint8Array> {
    const bytes = new Uint8Array(rangeLength(wanted.part));
    await Promise.all(
      asked.map(async ({ step, node, name }) => {
        try {
          bytes.set(await this.components.fetcher.fetchRange(node, name, step, signal), placeOf(wanted, step));
        } catch (error) {
          if (error instanceof NodeFailure && error.kind === "no-ranges")
            this.wholesOnly.set(node.account, this.components.clock.now() + RANGES_AGAIN_MS);
          throw error;
        }
      }),
    );
    return bytes;
  }

  /** `onRight` is told the pack's bytes before they are proven to be the object's. */
  private async fromFragments(
    wanted: Wanted,
    reach: Reach,
    signal: AbortSignal,
    onRight?: (bytes: Uint8Array) => void,
  ): Promise<Uint8Array> {
    const bytes = new Uint8Array(rangeLength(wanted.part));
    await Promise.all(
      wanted.steps.map((step) =>
        withFragment(this.fetches, signal, async () => {
          const fragment = await this.components.fragments.get(step, reach, signal);
          bytes.set(fragment.subarray(step.start, step.end), placeOf(wanted, step));
        }),
      ),
    );
    onRight?.(bytes);
    return this.requireProven(wanted, bytes);
  }

  /** The fragments' hashes have proven `right`, so whoever gave something else is known. */
  private blame(wanted: Wanted, asked: readonly Asked[], wrong: Uint8Array, right: Uint8Array): void {
    for (const { step, node } of asked) {
      const at = placeOf(wanted, step);
      const end = at + rangeLength(step);
      if (Buffer.compare(wrong.subarray(at, end), right.subarray(at, end)) !== 0)
        this.components.fetcher.gaveWrong(node);
    }
  }

  /** Of bytes that are the pack's: the fragments were verified. */
  private async requireProven({ object, part }: Wanted, bytes: Uint8Array): Promise<Uint8Array> {
    if (await object.proves(part, bytes)) return bytes;
    const { pack, run } = object;
    const where = `bytes ${run.offset} to ${run.offset + run.length} of the pack ${pack.fid}`;
    throw new DomainError({ kind: "objectUnavailable" }, `${where} are not those of the object`);
  }

  private keep({ object, part }: Wanted, bytes: Uint8Array): Uint8Array {
    if (object.isWhole(part)) this.kept?.set(object.key, bytes);
    return bytes;
  }
}

async function withFragment<T>(budget: ByteBudget, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const release = await budget.take(FRAGMENT_SIZE, signal);
  try {
    return await work();
  } finally {
    release();
  }
}

/** Where the step's bytes begin in the wanted part. */
function placeOf({ object, part }: Wanted, step: ReadStep): number {
  return step.segment * SEGMENT_SIZE + step.fragment * FRAGMENT_SIZE + step.start - object.run.offset - part.start;
}
