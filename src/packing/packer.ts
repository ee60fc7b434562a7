import type { Logger } from "pino";
import type { Progress, Worker } from "../background/worker.js";
import type { Blobs } from "../blobs/blobs.js";
import type {
  AccountUsage,
  Catalog,
  NewPack,
  PackContent,
  PackFormat,
  PackQueue,
  QueuedObject,
  StoredPack,
} from "../catalog/catalog.js";
import type { Account } from "../model/account.js";
import type { Clock } from "../model/clock.js";
import { damageOf } from "../model/damage.js";
import { chargedBytes, PLAIN } from "../model/file.js";
import { GIB, SEGMENT_SIZE } from "../model/sizes.js";
import { type Chain, ChainUnavailable } from "../network/chain/chain.js";
import type { Preprocessing } from "../preprocessing/preprocessing.js";
import type { FileRange, Retrieval } from "../retrieval/retrieval.js";
import { packsToMerge } from "./merge-policy.js";
import { mostBytes, PackWriter } from "./pack-writer.js";

export const PACKER_DEFAULTS = {
  /** A pack is closed when it has so many segments of 32 MiB … */
  segments: 8,
  /** … or when its oldest object has waited so long, ms … */
  maxAgeMs: 600_000,
  /** … or so many objects wait … */
  maxObjects: 50_000,
  /** … or a segment is full, and staging has room for less than this many bytes. */
  lowSpaceBytes: GIB,
  /** Bytes sent to the network for merging packs, at most, for each byte that becomes free there. */
  mergeBudget: 1,
  /** Packs of one owner, territory and format that may stay below half full. */
  keepBelowHalf: 4,
  /** The time between two looks at what waits, ms. */
  lookMs: 1_000,
  /** Objects linked to their pack, or moved to another one, in one transaction: others wait for it. */
  batch: 250,
  /** A pack whose objects have moved stays so long, because reads of it may be under way, ms. */
  graceMs: 60_000,
  /**
   * A pack is merged when its live bytes have not changed for so long, ms, or have been too few for ten times as long: of
   * one that is being emptied, soon nothing would be left to merge.
   */
  quietMs: 60_000,
  /** A pack that could not be read is not merged again before this, ms. */
  retryMs: 600_000,
};
export type PackerSettings = typeof PACKER_DEFAULTS;

export interface PackerComponents {
  readonly catalog: Catalog;
  readonly blobs: Blobs;
  readonly preprocessing: Preprocessing;
  readonly retrieval: Retrieval;
  readonly chain: Pick<Chain, "territory">;
  readonly owners: (id: string) => Account | undefined;
  readonly clock: Clock;
  readonly log: Pick<Logger, "warn">;
  /** Wakes the worker of this name (Supervisor.wake). */
  readonly wake: (worker: string) => void;
}

/** What merging packs has cost since this process began; both only grow. */
export interface MergeCounts {
  /** Objects' runs that were written into another pack. */
  runs: number;
  /** Their share of the bytes that are sent to storage nodes for the packs that took them. */
  sentBytes: number;
}

export interface PackStatus {
  readonly queues: readonly PackQueue[];
  /** By state. */
  readonly packs: Readonly<Record<string, number>>;
  readonly accounts: readonly AccountUsage[];
  readonly merging: Readonly<MergeCounts>;
}

/** Objects of a queue that are read from the catalog in one go: others wait for it. */
const PAGE = 1_000;

/** One pack to write: new objects, survivors of other packs, or both. */
interface Order {
  readonly owner: string;
  readonly territory: string;
  readonly format: PackFormat;
  readonly queue: PackQueue | undefined;
  readonly sources: readonly StoredPack[];
  /** Bytes. */
  readonly capacity: number;
}

/**
 * Gathers small objects into packs, the files that they share on CESS, and merges packs that are mostly empty or that
 * too few nodes have left. A pack is
 * written to staging as one blob, preprocessed like any file, and only then linked: a crash before that leaves an orphan,
 * and the objects wait on. Objects of a pack that is merged move when the new pack is stored, and not before.
 */
export class Packer implements Worker {
  readonly name = "packer";
  private readonly settings: PackerSettings;
  private flushBefore = 0;
  private looked = -Infinity;
  /** Packs below half full: since when they are, and since when with these live bytes. */
  private readonly hollow = new Map<
    string,
    { readonly since: number; readonly liveBytes: number; readonly changed: number }
  >();
  /** Packs that could not be read, and until when they are left alone. */
  private readonly resting = new Map<string, number>();
  private readonly merging: MergeCounts = { runs: 0, sentBytes: 0 };

  constructor(
    private readonly components: PackerComponents,
    settings: Partial<PackerSettings> = {},
  ) {
    this.settings = { ...PACKER_DEFAULTS, ...settings };
  }

  /** Closes packs with what waits now, whatever its age. Returns what that is. */
  async flush(): Promise<readonly PackQueue[]> {
    const queues = await this.components.catalog.packs.queues();
    this.flushBefore = this.components.clock.now();
    this.looked = -Infinity;
    this.components.wake(this.name);
    return queues;
  }

  /** What waits, and what there is: for operators. */
  async status(): Promise<PackStatus> {
    const { packs } = this.components.catalog;
    const [queues, states, usage] = await Promise.all([packs.queues(), packs.count(), packs.usage()]);
    return { queues, packs: states, accounts: usage, merging: { ...this.merging } };
  }

  async step(signal: AbortSignal): Promise<Progress> {
    const { catalog, clock, wake } = this.components;
    const { lookMs, batch, graceMs } = this.settings;
    // Woken for nothing: what waits is summed up no more often than this.
    if (clock.now() < this.looked + lookMs) return { kind: "idle", until: this.looked + lookMs };
    const moved = await catalog.packs.settleMoves(batch, graceMs);
    if (moved > 0) {
      wake("delete");
      return { kind: "busy" };
    }
    for await (const order of this.orders()) if (await this.write(order, signal)) return { kind: "busy" };
    this.looked = clock.now();
    return { kind: "idle", until: this.looked + lookMs };
  }

  private get capacity(): number {
    return this.settings.segments * SEGMENT_SIZE;
  }

  /** What is due, new objects first. Once one is written, the others are to be asked for anew. */
  private async *orders(): AsyncGenerator<Order, void> {
    const { catalog, owners } = this.components;
    const queues = await catalog.packs.queues();
    const below = await this.mergeable();
    const damaged = (await catalog.packs.damaged()).filter(({ file }) => !this.resting.has(file));
    const room = queues.length > 0 ? await this.components.blobs.free() : 0;
    const short = room < this.settings.lowSpaceBytes;
    // A pack's bytes are on the disk beside those of its objects until it is linked: where room is short it is small.
    const capacity = room < this.capacity ? SEGMENT_SIZE : this.capacity;
    for (const queue of queues) {
      const account = owners(queue.owner);
      // Its account is not configured any more: its objects wait, and are read from staging.
      if (!account || !(this.isDue(queue) || (short && queue.bytes >= SEGMENT_SIZE))) continue;
      const group = { owner: queue.owner, territory: account.territory, format: queue.format };
      const sources = capacity < this.capacity ? [] : await this.sources(below, damaged, group, account, queue.bytes);
      yield { ...group, queue, sources, capacity };
    }
    for (const pack of await catalog.packs.toRenew()) {
      const { owner, territory, packed: format } = pack;
      const account = owners(owner);
      if (!account || this.resting.has(pack.file) || !(await this.hasRoom({ ...account, territory }, [pack]))) continue;
      yield { owner, territory, format, queue: undefined, sources: [pack], capacity: this.capacity };
      // Nothing came of it.
      this.rest(pack);
    }
    const merged = new Set<string>();
    for (const { owner, territory, packed: format } of [...damaged, ...below]) {
      const group = { owner, territory, format };
      const key = JSON.stringify(group);
      const account = owners(owner);
      if (merged.has(key) || !account) continue;
      merged.add(key);
      const sources = await this.sources(below, damaged, group, account, 0);
      if (sources.length > 0) yield { ...group, queue: undefined, sources, capacity: this.capacity };
    }
  }

  private rest({ file }: StoredPack): void {
    this.resting.set(file, this.components.clock.now() + this.settings.retryMs);
  }

  private isDue({ objects, bytes, oldest }: PackQueue): boolean {
    const { maxObjects, maxAgeMs } = this.settings;
    const now = this.components.clock.now();
    return bytes >= this.capacity || objects >= maxObjects || now - oldest >= maxAgeMs || oldest <= this.flushBefore;
  }

  private async mergeable(): Promise<readonly StoredPack[]> {
    const now = this.components.clock.now();
    for (const [file, until] of this.resting) if (until <= now) this.resting.delete(file);
    const { quietMs } = this.settings;
    const known = new Map(this.hollow);
    this.hollow.clear();
    return (await this.components.catalog.packs.belowHalf()).filter(({ file, liveBytes }) => {
      const before = known.get(file);
      const since = before?.since ?? now;
      const changed = before?.liveBytes === liveBytes ? before.changed : now;
      this.hollow.set(file, { since, liveBytes, changed });
      return !this.resting.has(file) && (now - changed >= quietMs || now - since >= 10 * quietMs);
    });
  }

  private async sources(
    below: readonly StoredPack[],
    damaged: readonly StoredPack[],
    group: Pick<Order, "owner" | "territory" | "format">,
    account: Account,
    queuedBytes: number,
  ): Promise<readonly StoredPack[]> {
    const { mergeBudget: budget, keepBelowHalf: keep } = this.settings;
    const isOwn = ({ owner, territory, packed }: StoredPack) =>
      owner === group.owner && territory === group.territory && packed === group.format;
    const limits = { capacity: this.capacity, budget, keep };
    const queued = Math.min(queuedBytes, this.capacity);
    // What is whole of a damaged pack has no other copy: it goes first, one pack at a time.
    const [urgent] = damaged.filter(isOwn);
    const chosen = urgent ? [urgent] : packsToMerge(below.filter(isOwn), queued, limits);
    return chosen.length > 0 && (await this.hasRoom({ ...account, territory: group.territory }, chosen)) ? chosen : [];
  }

  /** Whether the territory can hold the old packs and the new one at once. If not, waiting for that would keep others out. */
  private async hasRoom(account: Account, packs: readonly StoredPack[]): Promise<boolean> {
    const { catalog, chain } = this.components;
    const live = packs.reduce((sum, { liveBytes }) => sum + liveBytes, 0);
    try {
      const territory = await chain.territory(account.cessAccount, account.territory);
      const undeclared = await catalog.objects.undeclaredBytes(account.id);
      return territory !== undefined && territory.remaining > BigInt(chargedBytes(undeclared + mostBytes(live)));
    } catch (error) {
      // Merging can wait.
      if (error instanceof ChainUnavailable) return false;
      throw error;
    }
  }

  /** Whether a pack came of it. */
  private async write(order: Order, signal: AbortSignal): Promise<boolean> {
    const { blobs, catalog } = this.components;
    const writer = new PackWriter(blobs, order.capacity);
    // What waits is on the disk already, and goes when its pack is there. Survivors come from the network.
    const intoReserve = order.sources.length === 0;
    const blob = await blobs.write(this.content(writer, order, signal), { signal, intoReserve });
    try {
      for (const [version, error] of writer.unreadable) {
        // Most are deleted or replaced by now. What waits on must not keep the queue due.
        if (await catalog.packs.postpone(version))
          this.components.log.warn({ version, err: error }, "an object that waits for a pack cannot be read");
      }
      if (writer.objects.length + writer.moves.length === 0) return false;
      const [file, ...others] = await this.components.preprocessing.files(
        blob.id,
        [{ blob: blob.id, offset: 0, length: blob.size }],
        { format: PLAIN, territory: order.territory, priority: "background" },
        signal,
      );
      if (!file || others.length > 0) throw new Error("a pack did not become one file");
      await catalog.preparations.clear(blob.id);
      blobs.requireFresh([blob.id]);
      return await this.link({ ...file, owner: order.owner, packed: order.format }, writer);
    } catch (error) {
      const damage = damageOf(error);
      if (!damage) throw error;
      // Nothing is lost: what it holds is still where it was.
      this.components.log.warn({ path: damage.path, why: damage.why }, "a new pack is damaged and is written again");
      return false;
    } finally {
      blobs.settle([blob.id]);
      const orphans = await catalog.orphans([blob.id]);
      await blobs.remove(orphans);
    }
  }

  private async *content(
    writer: PackWriter,
    { queue, sources }: Order,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void> {
    yield* writer.header();
    if (queue && !(yield* this.queued(writer, queue, signal))) return;
    for (const source of sources) {
      try {
        if (!(yield* this.survivors(writer, source, signal))) return;
      } catch (error) {
        signal.throwIfAborted();
        // The runs that were read move; the others stay where they are.
        this.rest(source);
        this.components.log.warn({ fid: source.fid, err: error }, "a pack cannot be merged and stays as it is");
      }
    }
  }

  /** What waits, page by page. Resolves whether there is room for more. */
  private async *queued(
    writer: PackWriter,
    queue: PackQueue,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, boolean> {
    const { blobs, catalog } = this.components;
    const { maxObjects } = this.settings;
    let after: QueuedObject | undefined;
    for (let count = 0; count < maxObjects; count += PAGE) {
      const page = await catalog.packs.queued(queue, Math.min(PAGE, maxObjects - count), after);
      const unpin = blobs.pin(page.flatMap((object) => object.blobs.map(({ blob }) => blob)));
      try {
        for (const object of page) {
          signal.throwIfAborted();
          if (!(yield* writer.object(object, signal))) return false;
        }
      } finally {
        unpin();
      }
      after = page.at(-1);
      if (page.length < PAGE) return true;
    }
    return false;
  }

  /** Resolves whether all of them fitted. */
  private async *survivors(
    writer: PackWriter,
    source: StoredPack,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, boolean> {
    const { catalog, retrieval } = this.components;
    const manifest = await catalog.files.manifest(source.file);
    if (!manifest) return true;
    const file = { ...manifest, size: source.size };
    const [staged] = await catalog.packs.blobs(source.file);
    for (const run of await catalog.packs.liveRuns(source.file)) {
      const range = { start: run.offset, end: run.offset + run.length };
      const content = staged
        ? this.components.blobs.read(staged.blob, range)
        : await retrieval.open([{ file, range } satisfies FileRange], signal);
      try {
        if (!(yield* writer.survivor({ ...run, file: source.file }, content))) return false;
      } catch (error) {
        // It is marked. The others are to move all the same.
        if (!damageOf(error)) throw error;
      }
    }
    return true;
  }

  /** In several transactions, since each keeps others from writing. */
  private async link(pack: NewPack, { objects, moves }: PackContent): Promise<boolean> {
    const { catalog, blobs, wake } = this.components;
    const { batch } = this.settings;
    let file: string | undefined;
    let linked = 0;
    for (let at = 0; at < objects.length || at < moves.length; at += batch) {
      const some = { objects: objects.slice(at, at + batch), moves: moves.slice(at, at + batch) };
      const filled = await catalog.packs.fill(pack, some, file);
      await blobs.remove(filled.orphans);
      linked += filled.linked;
      // The pack was given up meanwhile, since all that was linked to it is deleted: the rest waits on.
      if (file !== undefined && filled.file === undefined) break;
      file = filled.file;
    }
    if (linked === 0) return false;
    this.countMerge(pack, { objects, moves });
    wake("store");
    return true;
  }

  private countMerge(pack: NewPack, { objects, moves }: PackContent): void {
    const bytesOf = (runs: readonly { readonly length: number }[]) => runs.reduce((sum, { length }) => sum + length, 0);
    const moved = bytesOf(moves);
    if (moved === 0) return;
    this.merging.runs += moves.length;
    this.merging.sentBytes += Math.round((chargedBytes(pack.size) * moved) / (moved + bytesOf(objects)));
  }
}
