import { open, opendir, rename, rm, stat, unlink, type FileHandle } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { ByteRange } from "../model/byte-range.js";
import type { DamageRecord } from "../model/damage.js";
import type { BlobId, BlobSlice } from "../model/object.js";
import { KIB } from "../model/sizes.js";
import { ByteStream } from "../streams/byte-stream.js";
import { listBytes, PieceChecksummer, type Checksummed } from "../streams/piece-checksums.js";
import { fileBlobId, isBlobId, newBlobName, placeInPack, placeOf, type BlobPlace } from "./blob-id.js";
import type { Blobs, LocatedBytes, StoredBlob, WriteOptions } from "./blobs.js";
import { measureDisk, type DiskClaim, type DiskSpace } from "../files/disk-space.js";
import { FolderSync, makeFolders } from "../files/folder-sync.js";
import { BlobPins } from "./blob-pins.js";
import { beginning } from "./beginning.js";
import type { BlobFile } from "./checked-read.js";
import { ChecksumLists } from "./checksum-lists.js";
import { FileReader } from "./file-reader.js";
import { FreshBlobs, Since } from "./fresh-blobs.js";
import { isMissing } from "./missing.js";
import { OpenPacks } from "./open-packs.js";
import type { LinkedInPack } from "./pack-contents.js";
import { FolderPackStore } from "./folder-pack-store.js";
import { PackSharing } from "./pack-sharing.js";
import { Packs, type PACKS_DEFAULTS } from "./packs.js";
import { BlobCache } from "./blob-cache.js";
import { FileQuarantine, QuarantineFolder } from "./file-quarantine.js";
import { RemovalHolds } from "./removal-holds.js";
import { SharedFolder, type SharedFolderSettings } from "./shared-folder.js";
import { asStorageFull } from "./storage-full.js";
import { keepUp } from "./upkeep.js";
import { WriteBuffer } from "./write-buffer.js";

export const FILE_BLOBS_DEFAULTS = {
  /** Small chunks are gathered until they have so many bytes; larger chunks are written directly. */
  writeBuffer: 128 * KIB,
  /** Blobs of at most so many bytes are stored in packs. */
  packedBytes: 64 * KIB,
  /** Bytes of small blobs that were just written which are kept in memory, for reads. By default none. */
  recentBytes: 0,
};

export interface FileBlobsSettings extends Partial<typeof FILE_BLOBS_DEFAULTS & typeof PACKS_DEFAULTS> {
  /** Created if it does not exist. */
  readonly folder: string;
  /** Asked at each removal: whether the blob goes to quarantine instead. */
  readonly keepRemoved?: () => boolean;
  /** The disk that the folder is on. Without it blobs take all that there is. */
  readonly space?: DiskSpace;
  /** Told of damage before its reader is. By default nothing is known to need a blob. */
  readonly onDamage?: DamageRecord;
  /** What the catalog links in a pack; asked where the pack itself cannot tell. By default nothing. */
  readonly linkedInPack?: LinkedInPack;
  /** Other processes use the folder, too, all of them with this setting. Undefined: this one is alone. */
  readonly shared?: SharedFolderSettings | undefined;
}

/** A network file system may show a new file so late, ms. */
const SHOWN_LATE_MS = 300;

/** Files are removed this many at a time. */
const REMOVALS = 16;
const HEX_DIGITS = Array.from("0123456789abcdef");

/**
 * Blobs as files: `<folder>/<first digit>/<id>`, written under `<folder>/unfinished/` and renamed when complete and
 * synced, so that a name in a digit's folder always stands for whole bytes. The id has their checksum: of a blob of several
 * pieces that of the list of its pieces' checksums, which follows the bytes in the file. Sixteen folders rather than more: writers
 * share a folder's sync, and file systems find a name among a hundred thousand as fast as among a hundred. Small ones
 * lie in `<folder>/packs/`, and `<folder>/quarantine/` holds what was set aside. Where several processes use the folder,
 * `unfinished/` has a folder for each, `removed/` has what they removed from packs, and `holds/` a file for each backup.
 */
export class FileBlobs implements Blobs {
  private readonly pins = new BlobPins();
  private readonly fresh: FreshBlobs;
  private readonly folderSyncs: ReadonlyMap<string, FolderSync>;
  private readonly packs: Packs;
  private readonly settings: typeof FILE_BLOBS_DEFAULTS;
  // A removal that fails leaves an orphan, which the sweeper finds.
  private readonly holds = new RemovalHolds((ids) => void this.unlinkAll(ids).catch(() => undefined));
  readonly quarantine: FileQuarantine;
  private readonly shared: SharedFolder | undefined;
  private readonly keepRemoved: () => boolean;
  private readonly space: DiskSpace | undefined;
  private readonly reader: FileReader;
  private readonly lists = new ChecksumLists();
  private readonly openPacks = new OpenPacks();
  private readonly recent: BlobCache;
  private readonly unfinished: string;
  private readonly ended = new AbortController();

  private constructor(
    private readonly folder: string,
    settings: FileBlobsSettings,
    setAside: QuarantineFolder,
    { linked, shared, sharing }: FileBlobsParts,
  ) {
    this.settings = { ...FILE_BLOBS_DEFAULTS, ...settings };
    this.keepRemoved = settings.keepRemoved ?? (() => false);
    this.space = settings.space;
    const retire = (pack: string, since: number) => setAside.take("pack", pack, since);
    const linkMs = shared?.settings.linkMs ?? Infinity;
    this.fresh = new FreshBlobs(linkMs);
    const packSharing = sharing && { packs: sharing, idleMs: linkMs / 2 };
    const recent = (this.recent = new BlobCache(this.settings.recentBytes));
    this.packs = new Packs(join(folder, "packs"), { retire, linked, recent, sharing: packSharing }, settings);
    const { pins, holds, packs, lists } = this;
    this.shared = shared;
    this.unfinished = shared?.unfinished ?? join(folder, "unfinished");
    this.quarantine = new FileQuarantine({ folder: setAside, pins, holds, packs, shared }, settings);
    this.reader = new FileReader({
      lists,
      recent,
      packs: this.openPacks,
      onDamage: settings.onDamage ?? (() => Promise.resolve(false)),
      fileOf: (id, place) => this.fileOf(id, place),
      mayHave: (id) => packs.mayHave(id),
      search: shared && ((id) => this.search(id, shared)),
    });
    this.folderSyncs = new Map(HEX_DIGITS.map((digit) => [digit, new FolderSync(join(folder, digit))]));
  }

  /** Makes the folders and removes what an earlier process left unfinished. */
  static async open(settings: FileBlobsSettings): Promise<FileBlobs> {
    const folder = resolve(settings.folder);
    if (!settings.shared) await rm(join(folder, "unfinished"), { recursive: true, force: true });
    await makeFolders(folder, ["unfinished", "packs", ...HEX_DIGITS]);
    const linked = settings.linkedInPack ?? (() => Promise.resolve([]));
    const shared = settings.shared && (await SharedFolder.open(folder, settings.shared));
    const setAside = await QuarantineFolder.open({
      shared: shared !== undefined,
      folder: join(folder, "quarantine"),
      path: (kind, name) => (kind === "pack" ? join(folder, "packs", name) : join(folder, name.charAt(0), name)),
      linked,
    });
    const sharing =
      shared &&
      new PackSharing({
        ...shared.settings,
        store: await FolderPackStore.open({
          folder: join(folder, "packs"),
          removedFolder: join(folder, "removed"),
          shared,
          linked,
        }),
        retire: (pack, since) => setAside.take("pack", pack, since),
        now: settings.now ?? Date.now,
      });
    const blobs = new FileBlobs(folder, settings, setAside, { linked, shared, sharing });
    if (shared) void keepUp(() => blobs.upkeep(), shared.settings, blobs.ended.signal);
    return blobs;
  }

  async write(source: AsyncIterable<Uint8Array>, options: WriteOptions = {}): Promise<StoredBlob> {
    const { size = 0 } = options;
    const claim = await this.space?.claim(size + listBytes(size), options);
    try {
      const { bytes, rest } = await beginning(ByteStream.over(source, options.signal), this.settings.packedBytes);
      return rest ? await this.writeLarge(rest, claim, options.signal) : await this.writeSmall(bytes, claim);
    } catch (error) {
      throw asStorageFull(error);
    } finally {
      claim?.release();
    }
  }

  private async writeSmall(bytes: Uint8Array, claim: DiskClaim | undefined): Promise<StoredBlob> {
    let registered: BlobId | undefined;
    try {
      await claim?.cover(bytes.byteLength);
      const id = await this.packs.append(bytes, (named) => this.register((registered = named)));
      claim?.wrote(bytes.byteLength);
      return { id, size: bytes.byteLength };
    } catch (error) {
      if (registered) this.settle([registered]);
      throw error;
    }
  }

  private async writeLarge(
    chunks: AsyncIterable<Uint8Array>,
    claim: DiskClaim | undefined,
    signal: AbortSignal | undefined,
  ): Promise<StoredBlob> {
    const name = newBlobName();
    const unfinished = join(this.unfinished, name);
    let id: BlobId | undefined;
    try {
      const { list, ...checksummed } = await this.writeFile(unfinished, chunks, claim);
      signal?.throwIfAborted();
      id = fileBlobId(name, checksummed);
      this.register(id);
      await rename(unfinished, this.path(id));
      await this.folderSyncs.get(id.charAt(0))?.sync();
      this.lists.add(id, list);
      return { id, size: checksummed.length };
    } catch (error) {
      const paths = [unfinished, ...(id === undefined ? [] : [this.path(id)])];
      await Promise.all(paths.map((path) => rm(path, { force: true }).catch(() => undefined)));
      if (id !== undefined) this.settle([id]);
      throw error;
    }
  }

  /** The bytes, and the list of their checksums behind them. */
  private async writeFile(
    path: string,
    chunks: AsyncIterable<Uint8Array>,
    claim: DiskClaim | undefined,
  ): Promise<Checksummed & { readonly list: Uint8Array }> {
    const file = await this.openUnfinished(path);
    const buffer = new WriteBuffer(file, this.settings.writeBuffer);
    const checksummer = new PieceChecksummer();
    const put = async (bytes: Uint8Array): Promise<void> => {
      await claim?.cover(bytes.byteLength);
      await buffer.add(bytes);
      claim?.wrote(bytes.byteLength);
    };
    try {
      for await (const chunk of chunks) {
        checksummer.update(chunk);
        await put(chunk);
      }
      const checksummed = checksummer.finish();
      await put(checksummed.list);
      await buffer.finish();
      return checksummed;
    } finally {
      await buffer.settled();
      await file.close();
    }
  }

  private async openUnfinished(path: string): Promise<FileHandle> {
    try {
      return await open(path, "wx");
    } catch (error) {
      if (!this.shared || !isMissing(error)) throw error;
      // Another process took this one to have ended.
      await this.shared.signOfLife();
      return open(path, "wx");
    }
  }

  private register(id: BlobId): void {
    this.pins.register(id);
    if (this.shared) this.fresh.add(id);
  }

  requireFresh(ids: readonly BlobId[]): void {
    if (this.shared) this.fresh.require(ids);
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

  withLocal<T>(slices: readonly BlobSlice[], work: (content: readonly LocatedBytes[]) => Promise<T>): Promise<T> {
    return work(slices.map((slice) => this.locate(slice)));
  }

  where(id: BlobId): string {
    return this.fileOf(id, placeOf(id)).path;
  }

  async sizeOf(id: BlobId): Promise<number | undefined> {
    const { offset, length } = placeOf(id);
    const found = await stat(this.where(id)).catch(() => undefined);
    return found && Math.min(length ?? found.size, Math.max(0, found.size - offset));
  }

  /** Where a slice lies. Valid while the blob is pinned or linked. */
  locate({ blob: id, offset, length }: BlobSlice): LocatedBytes {
    const place = placeOf(id);
    const { path, offset: begin } = this.fileOf(id, place);
    return { path, offset: begin + offset, length, blob: { id, offset: begin, checksummed: place.checksummed } };
  }

  private fileOf(id: BlobId, { pack, offset }: BlobPlace): BlobFile {
    return { id, path: pack === undefined ? this.path(id) : this.packs.path(pack), offset };
  }

  private path(id: BlobId): string {
    return join(this.folder, id.charAt(0), id);
  }

  pin(ids: readonly BlobId[]): () => void {
    const unpin = this.pins.pin(ids);
    // A removal that fails leaves an orphan, which the sweeper finds.
    return () => void this.unlinkAll(unpin()).catch(() => undefined);
  }

  async remove(ids: readonly BlobId[]): Promise<void> {
    await this.unlinkAll(this.pins.remove(ids));
  }

  async holdRemovals(): Promise<() => void> {
    const everywhere = await this.shared?.holds.hold();
    const here = this.holds.take();
    // What waits here looks for holds.
    return everywhere ? () => void everywhere().then(here) : here;
  }

  private async unlinkAll(ids: readonly BlobId[]): Promise<void> {
    if (this.holds.active || (this.shared && ids.length > 0 && (await this.shared.holds.isHeld()))) {
      this.holds.defer(ids);
      return;
    }
    for (let at = 0; at < ids.length; at += REMOVALS) {
      await Promise.all(ids.slice(at, at + REMOVALS).map((id) => this.unlink(id)));
    }
  }

  private async unlink(id: BlobId): Promise<void> {
    if (!isBlobId(id)) return;
    if (this.keepRemoved()) return this.quarantine.take(id);
    if (placeInPack(id)) return this.packs.remove(id);
    this.lists.delete(id);
    await unlink(this.path(id)).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
  }

  async *list(): AsyncIterable<StoredBlob> {
    for (const digit of HEX_DIGITS) {
      for await (const entry of await opendir(join(this.folder, digit))) {
        const id = entry.name;
        if (!isBlobId(id) || !this.pins.mayBeSwept(id)) continue;
        const found = await stat(this.path(id)).catch(() => undefined);
        if (found && this.shared && (await this.shared.now()) - found.mtimeMs <= this.shared.settings.sweepMs) continue;
        // Checked again: the blob may have been pinned or removed meanwhile.
        if (found?.isFile() === true && this.pins.mayBeSwept(id)) yield { id, size: placeOf(id).length ?? found.size };
      }
    }
    for await (const blob of this.packs.list()) if (this.pins.mayBeSwept(blob.id)) yield blob;
  }

  async free(): Promise<number> {
    if (this.space) return Math.max(0, (await this.space.status()).available);
    return (await measureDisk(this.folder)).free;
  }

  /**
   * One round of what is due now and then where several processes use the folder: signs of life, blobs that wait for the
   * catalog kept young, what was held back removed, and packs of which all processes together have removed everything.
   */
  async upkeep(): Promise<void> {
    if (!this.shared) return;
    await this.shared.upkeep();
    for (const id of this.fresh.aging()) await this.renew(id, this.shared);
    if (!(await this.shared.holds.isHeld())) {
      this.holds.release();
      await this.packs.upkeep();
    }
  }

  private async renew(id: BlobId, shared: SharedFolder): Promise<void> {
    const since = new Since();
    if (await shared.touch(this.where(id))) this.fresh.renewed(id, since);
    // Another process took it to be left behind. Nothing can link it any more.
    else this.fresh.forget([id]);
  }

  /** Whether a blob that is missing may be there at the next look: it is needed, and was in quarantine, or is new. */
  private async search(id: BlobId, shared: SharedFolder): Promise<boolean> {
    if ((await shared.settings.orphans([id])).length > 0) return false;
    if (!(await this.quarantine.rescue(id))) await shared.settings.clock.sleep(SHOWN_LATE_MS);
    return true;
  }

  async close(): Promise<void> {
    this.ended.abort();
    await this.packs.close();
    this.openPacks.close();
    await this.shared?.close();
  }
}

/** Undefined where this process is alone. */
interface FileBlobsParts {
  readonly linked: LinkedInPack;
  readonly shared: SharedFolder | undefined;
  readonly sharing: PackSharing | undefined;
}
