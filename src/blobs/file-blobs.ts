import { mkdir, open, opendir, rename, rm, stat, statfs, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { ByteRange } from "../model/byte-range.js";
import { DomainError } from "../model/errors.js";
import type { BlobId, BlobSlice } from "../model/object.js";
import { KIB } from "../model/sizes.js";
import { ByteStream } from "../streams/byte-stream.js";
import { fileChunks } from "../streams/file-chunks.js";
import { isBlobId, newBlobId, placeInPack } from "./blob-id.js";
import { BlobMissing, type Blobs, type LocatedBytes, type StoredBlob, type WriteOptions } from "./blobs.js";
import type { DiskClaim, DiskSpace } from "../files/disk-space.js";
import { FolderSync, syncFolder } from "../files/folder-sync.js";
import { BlobPins } from "./blob-pins.js";
import { isMissing } from "./missing.js";
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
}

/** Files are removed this many at a time. */
const REMOVALS = 16;
const HEX_DIGITS = Array.from("0123456789abcdef");

/**
 * Blobs as files: `<folder>/<first digit>/<id>`, written under `<folder>/unfinished/` and renamed when complete and
 * synced, so that a name in a digit's folder always stands for whole bytes. Sixteen folders rather than more: writers
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

  private constructor(
    private readonly folder: string,
    settings: FileBlobsSettings,
    setAside: QuarantineFolder,
  ) {
    this.settings = { ...FILE_BLOBS_DEFAULTS, ...settings };
    this.keepRemoved = settings.keepRemoved ?? (() => false);
    this.space = settings.space;
    this.packs = new Packs(join(folder, "packs"), (pack, since) => setAside.take("pack", pack, since), settings);
    const { pins, holds, packs } = this;
    this.quarantine = new FileQuarantine({ folder: setAside, pins, holds, packs }, settings);
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
    const setAside = await QuarantineFolder.open({
      folder: join(folder, "quarantine"),
      path: (kind, name) => (kind === "pack" ? join(folder, "packs", name) : join(folder, name.charAt(0), name)),
    });
    return new FileBlobs(folder, settings, setAside);
  }

  async write(source: AsyncIterable<Uint8Array>, options: WriteOptions = {}): Promise<StoredBlob> {
    const claim = await this.space?.claim(options.size ?? 0, options);
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
    const id = newBlobId();
    const unfinished = join(this.folder, "unfinished", id);
    this.pins.register(id);
    try {
      const size = await this.writeFile(unfinished, chunks, claim);
      signal?.throwIfAborted();
      await rename(unfinished, this.path(id));
      await this.folderSyncs.get(id.charAt(0))?.sync();
      return { id, size };
    } catch (error) {
      await Promise.all([unfinished, this.path(id)].map((path) => rm(path, { force: true }).catch(() => undefined)));
      this.pins.unregister([id]);
      throw error;
    }
  }

  private async writeFile(
    path: string,
    chunks: AsyncIterable<Uint8Array>,
    claim: DiskClaim | undefined,
  ): Promise<number> {
    const file = await open(path, "wx");
    const buffer = new WriteBuffer(file, this.settings.writeBuffer);
    try {
      for await (const chunk of chunks) {
        await claim?.cover(chunk.byteLength);
        await buffer.add(chunk);
        claim?.wrote(chunk.byteLength);
      }
      return await buffer.finish();
    } finally {
      await buffer.settled();
      await file.close();
    }
  }

  settle(ids: readonly BlobId[]): void {
    this.pins.unregister(ids);
  }

  read(id: BlobId, range?: ByteRange): AsyncGenerator<Uint8Array, void> {
    return this.readAt(id, this.place(id), range);
  }

  private async *readAt(
    id: BlobId,
    { path, offset }: Pick<LocatedBytes, "path" | "offset">,
    range: ByteRange | undefined,
  ): AsyncGenerator<Uint8Array, void> {
    const place = placeInPack(id);
    if (place && !(await this.packs.mayHave(id))) throw new BlobMissing(id);
    if (place && range && range.end > place.length)
      throw new Error(`blob ${id} ends at byte ${place.length}, before ${range.end}`);
    const { start, end } = range ?? { start: 0, end: place?.length };
    try {
      yield* fileChunks(path, end === undefined ? undefined : { start: offset + start, end: offset + end });
    } catch (error) {
      throw isMissing(error) ? new BlobMissing(id) : error;
    }
  }

  locate({ blob, offset, length }: BlobSlice): LocatedBytes {
    const place = this.place(blob);
    return { path: place.path, offset: place.offset + offset, length };
  }

  /** The file, and where in it the blob begins. */
  private place(id: BlobId): Pick<LocatedBytes, "path" | "offset"> {
    if (!isBlobId(id)) throw new Error(`no blob id: ${String(id).slice(0, 80)}`);
    const packed = placeInPack(id);
    return packed ? { path: this.packs.path(packed.pack), offset: packed.offset } : { path: this.path(id), offset: 0 };
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
        if (found?.isFile() === true && this.pins.mayBeSwept(id)) yield { id, size: found.size };
      }
    }
    for await (const blob of this.packs.list()) if (this.pins.mayBeSwept(blob.id)) yield blob;
  }

  async free(): Promise<number> {
    if (this.space) return Math.max(0, (await this.space.status()).available);
    const { bavail, bsize } = await statfs(this.folder);
    return bavail * bsize;
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
