import { mkdir, open, opendir, rename, rm, stat, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { ByteRange } from "../model/byte-range.js";
import { stagedBytesDamaged, type DamageRecord } from "../model/damage.js";
import { DomainError } from "../model/errors.js";
import type { BlobId, BlobSlice } from "../model/object.js";
import { KIB } from "../model/sizes.js";
import { ByteStream } from "../streams/byte-stream.js";
import { fileChunks } from "../streams/file-chunks.js";
import { listBytes, PieceChecksummer, type Checksummed } from "../streams/piece-checksums.js";
import { fileBlobId, isBlobId, newBlobName, placeInPack, placeOf, type BlobPlace } from "./blob-id.js";
import { BlobMissing, type Blobs, type LocatedBytes, type StoredBlob, type WriteOptions } from "./blobs.js";
import { measureDisk, type DiskClaim, type DiskSpace } from "../files/disk-space.js";
import { FolderSync, syncFolder } from "../files/folder-sync.js";
import { BlobPins } from "./blob-pins.js";
import { checkedBytes, damageIn, type BlobFile } from "./checked-read.js";
import { ChecksumLists } from "./checksum-lists.js";
import { isMissing } from "./missing.js";
import type { LinkedInPack } from "./pack-contents.js";
import { Packs, type PACKS_DEFAULTS } from "./packs.js";
import { FileQuarantine, QuarantineFolder } from "./file-quarantine.js";
import { RemovalHolds } from "./removal-holds.js";
import { WriteBuffer } from "./write-buffer.js";

export const FILE_BLOBS_DEFAULTS = {
  /** Small chunks are gathered until they have so many bytes; larger chunks are written directly. */
  writeBuffer: 128 * KIB,
  /** Blobs of at most so many bytes are stored in packs. */
  packedBytes: 64 * KIB,
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
}

/** Files are removed this many at a time. */
const REMOVALS = 16;
const HEX_DIGITS = Array.from("0123456789abcdef");

/**
 * Blobs as files: `<folder>/<first digit>/<id>`, written under `<folder>/unfinished/` and renamed when complete and
 * synced, so that a name in a digit's folder always stands for whole bytes. The id has their checksum: of a blob of several
 * pieces that of the list of its pieces' checksums, which follows the bytes in the file. Sixteen folders rather than more: writers
 * share a folder's sync, and file systems find a name among a hundred thousand as fast as among a hundred. Small ones
 * lie in `<folder>/packs/`, and `<folder>/quarantine/` holds what was set aside.
 */
export class FileBlobs implements Blobs {
  private readonly pins = new BlobPins();
  private readonly folderSyncs: ReadonlyMap<string, FolderSync>;
  private readonly packs: Packs;
  private readonly settings: typeof FILE_BLOBS_DEFAULTS;
  // A removal that fails leaves an orphan, which the sweeper finds.
  private readonly holds = new RemovalHolds((ids) => void this.unlinkAll(ids).catch(() => undefined));
  readonly quarantine: FileQuarantine;
  private readonly keepRemoved: () => boolean;
  private readonly space: DiskSpace | undefined;
  private readonly onDamage: DamageRecord;
  private readonly lists = new ChecksumLists();

  private constructor(
    private readonly folder: string,
    settings: FileBlobsSettings,
    setAside: QuarantineFolder,
    linked: LinkedInPack,
  ) {
    this.settings = { ...FILE_BLOBS_DEFAULTS, ...settings };
    this.keepRemoved = settings.keepRemoved ?? (() => false);
    this.space = settings.space;
    const retire = (pack: string, since: number) => setAside.take("pack", pack, since);
    this.packs = new Packs(join(folder, "packs"), { retire, linked }, settings);
    const { pins, holds, packs } = this;
    this.quarantine = new FileQuarantine({ folder: setAside, pins, holds, packs }, settings);
    this.onDamage = settings.onDamage ?? (() => Promise.resolve(false));
    this.folderSyncs = new Map(HEX_DIGITS.map((digit) => [digit, new FolderSync(join(folder, digit))]));
  }

  /** Makes the folders and removes what an earlier process left unfinished. */
  static async open(settings: FileBlobsSettings): Promise<FileBlobs> {
    const folder = resolve(settings.folder);
    const made = await mkdir(folder, { recursive: true });
    await rm(join(folder, "unfinished"), { recursive: true, force: true });
    for (const name of ["unfinished", "packs", ...HEX_DIGITS]) await mkdir(join(folder, name), { recursive: true });
    await syncFolder(folder);
    // A new folder is durable when its parent is synced, so every parent of a folder created here is synced.
    const above = made === undefined ? folder : dirname(made);
    for (let path = folder; path !== above;) await syncFolder((path = dirname(path)));
    const linked = settings.linkedInPack ?? (() => Promise.resolve([]));
    const setAside = await QuarantineFolder.open({
      folder: join(folder, "quarantine"),
      path: (kind, name) => (kind === "pack" ? join(folder, "packs", name) : join(folder, name.charAt(0), name)),
      linked,
    });
    return new FileBlobs(folder, settings, setAside, linked);
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
      const id = await this.packs.append(bytes, (named) => this.pins.register((registered = named)));
      claim?.wrote(bytes.byteLength);
      return { id, size: bytes.byteLength };
    } catch (error) {
      if (registered) this.pins.unregister([registered]);
      throw error;
    }
  }

  private async writeLarge(
    chunks: AsyncIterable<Uint8Array>,
    claim: DiskClaim | undefined,
    signal: AbortSignal | undefined,
  ): Promise<StoredBlob> {
    const name = newBlobName();
    const unfinished = join(this.folder, "unfinished", name);
    let id: BlobId | undefined;
    try {
      const { list, ...checksummed } = await this.writeFile(unfinished, chunks, claim);
      signal?.throwIfAborted();
      id = fileBlobId(name, checksummed);
      this.pins.register(id);
      await rename(unfinished, this.path(id));
      await this.folderSyncs.get(id.charAt(0))?.sync();
      this.lists.add(id, list);
      return { id, size: checksummed.length };
    } catch (error) {
      const paths = [unfinished, ...(id === undefined ? [] : [this.path(id)])];
      await Promise.all(paths.map((path) => rm(path, { force: true }).catch(() => undefined)));
      if (id !== undefined) this.pins.unregister([id]);
      throw error;
    }
  }

  /** The bytes, and the list of their checksums behind them. */
  private async writeFile(
    path: string,
    chunks: AsyncIterable<Uint8Array>,
    claim: DiskClaim | undefined,
  ): Promise<Checksummed & { readonly list: Uint8Array }> {
    const file = await open(path, "wx");
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

  settle(ids: readonly BlobId[]): void {
    this.pins.unregister(ids);
  }

  read(id: BlobId, range?: ByteRange): AsyncGenerator<Uint8Array, void> {
    return this.readAt(id, placeOf(id), range);
  }

  private async *readAt(id: BlobId, place: BlobPlace, range: ByteRange | undefined): AsyncGenerator<Uint8Array, void> {
    const { length, checksummed } = place;
    if (range && length !== undefined && range.end > length)
      throw new Error(`blob ${id} ends at byte ${length}, before ${range.end}`);
    const file = this.fileOf(id, place);
    try {
      if (place.pack !== undefined && !(await this.packs.mayHave(id))) throw new BlobMissing(id);
      if (checksummed) {
        const expected = await this.lists.get(file, checksummed);
        yield* checkedBytes(file, checksummed.length, range ?? { start: 0, end: checksummed.length }, expected);
      } else yield* fileChunks(file.path, uncheckedRange(place, range));
    } catch (error) {
      throw await this.judge(file, length ?? Number.MAX_SAFE_INTEGER, error);
    }
  }

  /** What a read that failed is to throw. Damage has been recorded then. */
  private async judge(file: BlobFile, length: number, error: unknown): Promise<unknown> {
    const damage = damageIn(file, length, error);
    if (!damage) return error;
    const missing = error instanceof BlobMissing || isMissing(error);
    // Without its folder nothing is there: a disk that is not mounted has lost nothing.
    const folder = dirname(file.path);
    if (missing && (await stat(folder).then(() => false, isMissing)))
      return new Error(`the folder ${folder} is missing`, { cause: error });
    // A blob that nothing needs any more is missing as it should be.
    const needed = await this.onDamage(damage);
    return missing && !needed ? new BlobMissing(file.id) : stagedBytesDamaged(damage);
  }

  isChecked(id: BlobId): boolean {
    return placeOf(id).checksummed !== undefined;
  }

  locate({ blob: id, offset, length }: BlobSlice): LocatedBytes {
    const place = placeOf(id);
    const file = this.fileOf(id, place);
    const { checksummed } = place;
    return {
      path: file.path,
      offset: file.offset + offset,
      length,
      blob: { id, offset: file.offset, checksummed },
    };
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

  holdRemovals(): () => void {
    return this.holds.take();
  }

  private async unlinkAll(ids: readonly BlobId[]): Promise<void> {
    if (this.holds.active) {
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

  close(): Promise<void> {
    return this.packs.close();
  }
}

/**
 * All the bytes if there are at most `limit`, else a stream of them. The source may reuse a chunk's memory when it is
 * asked for the next one.
 */
async function beginning(
  chunks: ByteStream,
  limit: number,
): Promise<{ bytes: Uint8Array; rest?: AsyncIterable<Uint8Array> }> {
  const kept: Uint8Array[] = [];
  let size = 0;
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
    size += next.value.byteLength;
    if (size > limit) return { bytes: new Uint8Array(0), rest: resumed([...kept, next.value], chunks) };
    kept.push(Uint8Array.from(next.value));
  }
  return { bytes: Buffer.concat(kept) };
}

async function* resumed(first: readonly Uint8Array[], rest: ByteStream): AsyncGenerator<Uint8Array> {
  try {
    yield* first;
    yield* rest;
  } finally {
    rest.close();
  }
}

/** A full device or an exhausted quota becomes a DomainError `storageFull`. */
function asStorageFull(error: unknown): unknown {
  const full = error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
  return full
    ? new DomainError({ kind: "storageFull" }, "The gateway's staging disk is full.", { cause: error })
    : error;
}

/** Where in the file the bytes are; undefined: all of it. */
function uncheckedRange({ offset, length }: BlobPlace, range: ByteRange | undefined): ByteRange | undefined {
  const { start, end } = range ?? { start: 0, end: length };
  return end === undefined ? undefined : { start: offset + start, end: offset + end };
}
