import { crc32 } from "@node-rs/crc32";
import { Semaphore } from "../../async/semaphore.js";
import type { ByteRange } from "../../model/byte-range.js";
import type { DamageRecord } from "../../model/damage.js";
import { DomainError } from "../../model/errors.js";
import type { BlobId, BlobSlice } from "../../model/object.js";
import { KIB, MIB } from "../../model/sizes.js";
import { ByteStream } from "../../streams/byte-stream.js";
import { PieceChecksummer } from "../../streams/piece-checksums.js";
import { beginning } from "../beginning.js";
import { fileBlobId, isBlobId, newBlobName, placeInPack, placeOf } from "../blob-id.js";
import { BlobPins } from "../blob-pins.js";
import type { Blobs, LocatedBytes, StoredBlob, StoreTraffic, WriteOptions } from "../blobs.js";
import { ChecksumLists } from "../checksum-lists.js";
import { FreshBlobs, Since } from "../fresh-blobs.js";
import type { LinkedInPack } from "../pack-contents.js";
import { PackSharing } from "../pack-sharing.js";
import { RemovalHolds } from "../removal-holds.js";
import { SharedHolds } from "../shared-holds.js";
import { SHARED_FOLDER_DEFAULTS, type SharedFolderSettings } from "../shared-folder.js";
import { BlobCache } from "../blob-cache.js";
import { keepUp } from "../upkeep.js";
import { PartStream } from "./part-stream.js";
import { isGone } from "./s3-errors.js";
import { LocalCopies } from "./local-copies.js";
import { fileKey, FOLDERS, idInParts, idOfFile, lengthWithin, nameIn, objectKey, packKey } from "./s3-keys.js";
import { holdNotes } from "./s3-hold-notes.js";
import { S3PackStore } from "./s3-pack-store.js";
import { S3Quarantine } from "./s3-quarantine.js";
import { S3Reader } from "./s3-reader.js";
import { PART_BYTES, PARTS_AT_ONCE, type S3Store } from "./s3-store.js";
import { SmallWriter } from "./small-writer.js";
import type { Spool } from "./spool.js";

export const S3_BLOBS_DEFAULTS = {
  ...SHARED_FOLDER_DEFAULTS,
  /** Bodies of at most so many bytes go together, with others of the moment. */
  packedBytes: 64 * KIB,
  /** Bytes of bodies in memory, on their way to the store. */
  memoryBytes: 256 * MIB,
  /** Bytes of small blobs that were just written which are kept in memory, for reads. By default none. */
  recentBytes: 0,
  /** How long a body waits for memory before it is refused, ms. */
  memoryWaitMs: 30_000,
  /** Large bodies that were begun so long ago and never finished are given up, ms. */
  leftoverMs: 24 * 3_600_000,
  /** A store that had no room counts as full for so long, ms. */
  fullMs: 60_000,
  /** Each look for holds is a request. */
  holdLookMs: 5_000,
  /** Milliseconds since 1970. */
  now: () => Date.now(),
};

export interface S3BlobsSettings extends Partial<typeof S3_BLOBS_DEFAULTS>, SharedFolderSettings {
  readonly store: S3Store;
  readonly spool: Spool;
  readonly keepRemoved?: () => boolean;
  readonly onDamage?: DamageRecord;
  readonly linkedInPack: LinkedInPack;
  /** The blobs that the catalog links whose ids have this random name. */
  readonly linkedNamed: (name: string) => Promise<readonly BlobId[]>;
}

const REMOVALS = 8;

/**
 * Blobs in a bucket of an S3 store, which several gateways share. A large one is an object, with the list of its pieces'
 * checksums behind its bytes; small ones of one moment are one object, laid out as a pack is in a folder. Ages are told by
 * the store's clock.
 */
export class S3Blobs implements Blobs {
  readonly quarantine: S3Quarantine;
  private readonly settings: typeof S3_BLOBS_DEFAULTS & S3BlobsSettings;
  private readonly store: S3Store;
  private readonly pins = new BlobPins();
  private readonly fresh: FreshBlobs;
  private readonly lists = new ChecksumLists();
  private readonly recent: BlobCache;
  // A removal that fails leaves an orphan, which the sweeper finds.
  private readonly holds = new RemovalHolds((ids) => void this.deleteAll(ids).catch(() => undefined));
  private readonly sharedHolds: SharedHolds;
  private readonly packStore: S3PackStore;
  private readonly packs: PackSharing;
  /** Of the packs that this process wrote: what it has not removed. */
  private readonly live = new Map<string, Set<BlobId>>();
  private readonly small: SmallWriter;
  private readonly memory: Semaphore;
  private readonly reader: S3Reader;
  private readonly copies: LocalCopies;
  private readonly ended = new AbortController();
  private full: Since | undefined;

  constructor(settings: S3BlobsSettings) {
    this.settings = { ...S3_BLOBS_DEFAULTS, ...settings };
    const { store, clock, holdLookMs, holdMs, linkMs, linkedInPack: linked, orphans, memoryBytes } = this.settings;
    const { removeMs, sweepMs, now } = this.settings;
    this.store = store;
    this.copies = new LocalCopies(store, settings.spool);
    this.recent = new BlobCache(this.settings.recentBytes);
    this.fresh = new FreshBlobs(linkMs);
    this.memory = new Semaphore({ permits: memoryBytes });
    this.sharedHolds = new SharedHolds(holdNotes(store, holdMs), { clock, holdLookMs });
    const isAside = (key: string) => this.quarantine.has(key);
    this.packStore = new S3PackStore({ store, writer: newBlobName(), linked, orphans, isAside });
    this.packs = new PackSharing({
      store: this.packStore,
      retire: (pack, since) => this.quarantine.takePack(pack, since),
      now,
      removeMs,
      sweepMs,
    });
    const { packs, packStore } = this;
    const mayTake = (id: BlobId) => this.mayTake(id);
    this.quarantine = new S3Quarantine({ store, packStore, packs, mayTake, now, sweepMs });
    this.small = new SmallWriter((pack, content, ids) => this.putPack(pack, content, ids));
    this.reader = new S3Reader({
      store,
      lists: this.lists,
      recent: this.recent,
      keyOf: objectKey,
      mayHave: (id) => !packs.isRemoved(id) && !this.quarantine.has(objectKey(id)),
      onDamage: settings.onDamage ?? (() => Promise.resolve(false)),
      search: (id) => this.search(id),
    });
    void keepUp(() => this.upkeep(), this.settings, this.ended.signal);
  }

  get traffic(): StoreTraffic {
    return { ...this.store.counters, memoryBytes: this.memory.used, spoolBytes: this.settings.spool.bytes };
  }

  async write(source: AsyncIterable<Uint8Array>, { signal, size }: WriteOptions = {}): Promise<StoredBlob> {
    const stream = ByteStream.over(source, signal);
    try {
      const { bytes, rest } = await beginning(stream, this.settings.packedBytes);
      if (!rest) {
        signal?.throwIfAborted();
        return { id: await this.small.append(bytes), size: bytes.byteLength };
      }
      const release = await this.takeMemory(size, signal);
      try {
        return await this.writeLarge(rest, signal);
      } finally {
        release();
      }
    } catch (error) {
      stream.close();
      if (error instanceof DomainError && error.kind === "storageFull") this.full = new Since();
      throw error;
    }
  }

  /** Of a body of this size, where it is known: its beginning, the part that is filled, and those that are on their way. */
  private async takeMemory(size: number | undefined, signal: AbortSignal | undefined): Promise<() => void> {
    const inParts = (2 + PARTS_AT_ONCE) * PART_BYTES;
    const permits = size !== undefined && size <= PART_BYTES ? 2 * size : inParts;
    const patience = AbortSignal.timeout(this.settings.memoryWaitMs);
    try {
      const release = await this.memory.acquire({
        permits,
        signal: signal ? AbortSignal.any([signal, patience]) : patience,
      });
      return () => release();
    } catch (error) {
      signal?.throwIfAborted();
      throw new DomainError({ kind: "overloaded" }, "Too many bodies are on their way to staging. Try again.", {
        cause: error,
      });
    }
  }

  private async writeLarge(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): Promise<StoredBlob> {
    const checksummer = new PieceChecksummer();
    const { bytes, rest } = await beginning(ByteStream.over(chunks, signal), PART_BYTES);
    if (rest) return this.writeInParts(rest, checksummer);
    checksummer.update(bytes);
    const { list, ...checksummed } = checksummer.finish();
    const id = fileBlobId(newBlobName(), checksummed);
    await this.stored(id, list, () => this.store.put(fileKey(id), Buffer.concat([bytes, list]), signal));
    return { id, size: checksummed.length };
  }

  private async writeInParts(chunks: AsyncIterable<Uint8Array>, checksummer: PieceChecksummer): Promise<StoredBlob> {
    const name = newBlobName();
    const parts = new PartStream(chunks, checksummer, PART_BYTES);
    await this.store.upload(FOLDERS.files + name, parts.bytes());
    const { list, ...checksummed } = parts.finished;
    const id = fileBlobId(name, checksummed);
    await this.stored(id, list, () => Promise.resolve());
    return { id, size: checksummed.length };
  }

  private async stored(id: BlobId, list: Uint8Array, put: () => Promise<void>): Promise<void> {
    this.pins.register(id);
    try {
      await put();
      this.fresh.add(id);
      this.lists.add(id, list);
    } catch (error) {
      this.settle([id]);
      // The store may have it all the same.
      void this.store.delete(fileKey(id)).catch(() => undefined);
      throw error;
    }
  }

  private async putPack(pack: string, content: Buffer, ids: readonly BlobId[]): Promise<void> {
    for (const id of ids) this.pins.register(id);
    this.live.set(pack, new Set(ids));
    try {
      await this.store.put(packKey(pack), content);
      for (const id of ids) this.fresh.add(id);
      this.recent.add(ids, content, 0);
    } catch (error) {
      this.settle(ids);
      this.live.delete(pack);
      void this.store.delete(packKey(pack)).catch(() => undefined);
      if (error instanceof DomainError && error.kind === "storageFull") this.full = new Since();
      throw error;
    }
  }

  requireFresh(ids: readonly BlobId[]): void {
    this.fresh.require(ids);
  }

  settle(ids: readonly BlobId[]): void {
    this.pins.unregister(ids);
    this.fresh.forget(ids);
  }

  read(id: BlobId, range?: ByteRange): AsyncGenerator<Uint8Array, void> {
    return this.reader.read(id, placeOf(id), range);
  }

  inMemory(id: BlobId, range?: ByteRange): Uint8Array | undefined {
    return this.recent.read(id, range);
  }

  isChecked(id: BlobId): boolean {
    return placeOf(id).checksummed !== undefined;
  }

  withLocal<T>(
    slices: readonly BlobSlice[],
    work: (content: readonly LocatedBytes[]) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    return this.copies.with(slices, work, signal);
  }

  where(id: BlobId): string {
    return this.store.url(objectKey(id));
  }

  async sizeOf(id: BlobId): Promise<number | undefined> {
    const { offset, length = 0 } = placeOf(id);
    const found = await this.store.find(objectKey(id));
    return found && Math.min(length, Math.max(0, found.size - offset));
  }

  pin(ids: readonly BlobId[]): () => void {
    const unpin = this.pins.pin(ids);
    // A removal that fails leaves an orphan, which the sweeper finds.
    return () => void this.deleteAll(unpin()).catch(() => undefined);
  }

  async remove(ids: readonly BlobId[]): Promise<void> {
    await this.deleteAll(this.pins.remove(ids));
  }

  private async deleteAll(ids: readonly BlobId[]): Promise<void> {
    if (ids.length === 0) return;
    this.fresh.forget(ids);
    if (this.holds.active || (await this.sharedHolds.isHeld())) {
      this.holds.defer(ids);
      return;
    }
    for (let at = 0; at < ids.length; at += REMOVALS)
      await Promise.all(ids.slice(at, at + REMOVALS).map((id) => this.delete(id)));
  }

  private async delete(id: BlobId): Promise<void> {
    if (!isBlobId(id)) return;
    this.recent.delete(id);
    if (this.settings.keepRemoved?.() === true) return this.quarantine.take(id);
    const pack = placeInPack(id)?.pack;
    if (pack === undefined) {
      this.lists.delete(id);
      return this.store.delete(fileKey(id));
    }
    this.packs.remove(id);
    const live = this.live.get(pack);
    live?.delete(id);
    if (live?.size !== 0) return;
    // All that was written there was removed here.
    this.live.delete(pack);
    await this.store.delete(packKey(pack));
    await this.packs.forget(pack);
  }

  async holdRemovals(): Promise<() => void> {
    const everywhere = await this.sharedHolds.hold();
    const here = this.holds.take();
    // What waits here looks for holds.
    return () => void everywhere().then(here);
  }

  async *list(): AsyncIterable<StoredBlob> {
    const { sweepMs, leftoverMs } = this.settings;
    await this.quarantine.files();
    for await (const { key, size, ageMs } of this.store.list(FOLDERS.files)) {
      if (ageMs <= sweepMs || this.quarantine.has(key)) continue;
      const id = await this.idOf(key, size);
      if (id !== undefined && this.pins.mayBeSwept(id)) yield { id, size: placeOf(id).length ?? size };
    }
    for await (const blob of this.packs.list()) if (this.pins.mayBeSwept(blob.id)) yield blob;
    await this.store.abortLeftovers(leftoverMs);
  }

  /** Undefined for what is no blob, or gone. */
  private async idOf(key: string, size: number): Promise<BlobId | undefined> {
    const found = idOfFile(key, size);
    if (!found || "id" in found) return found?.id;
    const length = lengthWithin(size);
    const list = { start: length, end: size };
    let checksum = 0;
    try {
      for await (const chunk of this.store.read(key, list)) checksum = crc32(chunk, checksum);
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
    const id = idInParts(found.inParts, length, checksum);
    // A damaged list makes another id of it, which nothing links.
    const linked = await this.settings.linkedNamed(nameIn(id));
    return linked[0] ?? id;
  }

  free(): Promise<number> {
    const isFull = this.full !== undefined && this.full.ms < this.settings.fullMs;
    return Promise.resolve(isFull ? 0 : Number.MAX_SAFE_INTEGER);
  }

  /** One round of what is due now and then, as FileBlobs does it. */
  async upkeep(): Promise<void> {
    await this.sharedHolds.renew();
    await this.renewFresh();
    if (await this.sharedHolds.isHeld()) return;
    this.holds.release();
    await this.packs.upkeep();
  }

  /** Blobs that wait for the catalog are kept young. Small ones share an object. */
  private async renewFresh(): Promise<void> {
    const aging = new Map<string, BlobId[]>();
    for (const id of this.fresh.aging()) aging.set(objectKey(id), [...(aging.get(objectKey(id)) ?? []), id]);
    for (const [key, ids] of aging) {
      const since = new Since();
      if (await this.store.renew(key)) for (const id of ids) this.fresh.renewed(id, since);
      else this.fresh.forget(ids);
    }
  }

  private async mayTake(id: BlobId): Promise<boolean> {
    return this.pins.mayBeSwept(id) && !this.holds.active && !(await this.sharedHolds.isHeld());
  }

  /** Whether a blob that is missing may be there at the next look: it is needed, and was in quarantine. */
  private async search(id: BlobId): Promise<boolean> {
    if ((await this.settings.orphans([id])).length > 0) return false;
    return this.quarantine.rescue(id);
  }

  async close(): Promise<void> {
    this.ended.abort();
    await this.small.close();
    await this.sharedHolds.close().catch(() => undefined);
    await this.settings.spool.close();
    this.store.close();
  }
}
