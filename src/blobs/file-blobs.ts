import { mkdir, open, opendir, rename, rm, stat, statfs, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { ByteRange } from "../model/byte-range.js";
import { S3Error } from "../model/errors.js";
import type { BlobId } from "../model/object.js";
import { KIB } from "../model/sizes.js";
import { fileChunks } from "../streams/file-chunks.js";
import { abortable } from "./abortable.js";
import { isBlobId, newBlobId } from "./blob-id.js";
import { BlobMissing, type Blobs, type StoredBlob } from "./blobs.js";
import { FolderSync, syncFolder } from "./folder-sync.js";
import { Holds } from "./holds.js";
import { WriteBuffer } from "./write-buffer.js";

export const FILE_BLOBS_DEFAULTS = {
  /** Bytes of small chunks gathered before they are written; larger chunks are written as they are. */
  writeBuffer: 128 * KIB,
};

export interface FileBlobsSettings extends Partial<typeof FILE_BLOBS_DEFAULTS> {
  /** Made if need be. */
  readonly folder: string;
}

/** Files are removed this many at a time. */
const REMOVALS = 16;
const HEX_DIGITS = Array.from("0123456789abcdef");

/**
 * Blobs as files: `<folder>/<first digit>/<id>`, written under `<folder>/unfinished/` and renamed when complete and
 * synced, so that a name in a digit's folder always stands for whole bytes. Sixteen folders rather than more: writers
 * share a folder's sync, and file systems find a name among a hundred thousand as fast as among a hundred.
 */
export class FileBlobs implements Blobs {
  private readonly holds = new Holds();
  private readonly folderSyncs: ReadonlyMap<string, FolderSync>;
  private readonly writeBuffer: number;

  private constructor(private readonly folder: string, settings: FileBlobsSettings) {
    this.writeBuffer = settings.writeBuffer ?? FILE_BLOBS_DEFAULTS.writeBuffer;
    this.folderSyncs = new Map(HEX_DIGITS.map((digit) => [digit, new FolderSync(join(folder, digit))]));
  }

  /** Makes the folders and removes what an earlier process left unfinished. */
  static async open(settings: FileBlobsSettings): Promise<FileBlobs> {
    const folder = resolve(settings.folder);
    const made = await mkdir(folder, { recursive: true });
    await rm(join(folder, "unfinished"), { recursive: true, force: true });
    for (const name of ["unfinished", ...HEX_DIGITS]) await mkdir(join(folder, name), { recursive: true });
    await syncFolder(folder);
    // Folders that were made on the way are durable when those above them are synced, the first one's parent included.
    const above = made === undefined ? folder : dirname(made);
    for (let path = folder; path !== above; ) await syncFolder((path = dirname(path)));
    return new FileBlobs(folder, settings);
  }

  async write(source: AsyncIterable<Uint8Array>, options: { readonly signal?: AbortSignal } = {}): Promise<StoredBlob> {
    const id = newBlobId();
    const unfinished = join(this.folder, "unfinished", id);
    this.holds.born(id);
    try {
      const size = await this.writeFile(unfinished, source, options.signal);
      options.signal?.throwIfAborted();
      await rename(unfinished, this.locate(id));
      await this.folderSyncs.get(id.charAt(0))?.sync();
      return { id, size };
    } catch (error) {
      await Promise.all([unfinished, this.locate(id)].map((path) => rm(path, { force: true }).catch(() => undefined)));
      this.holds.settle([id]);
      throw asRefusal(error);
    }
  }

  private async writeFile(path: string, source: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<number> {
    const file = await open(path, "wx");
    const buffer = new WriteBuffer(file, this.writeBuffer);
    try {
      for await (const chunk of abortable(source, signal)) await buffer.add(chunk);
      return await buffer.finish();
    } finally {
      await buffer.settled();
      await file.close();
    }
  }

  settle(ids: readonly BlobId[]): void {
    this.holds.settle(ids);
  }

  read(id: BlobId, range?: ByteRange): AsyncGenerator<Uint8Array, void> {
    return readBlob(id, this.locate(id), range);
  }

  locate(id: BlobId): string {
    if (!isBlobId(id)) throw new Error(`no blob id: ${String(id).slice(0, 80)}`);
    return join(this.folder, id.charAt(0), id);
  }

  pin(ids: readonly BlobId[]): () => void {
    const unpin = this.holds.pin(ids);
    // A removal that fails leaves an orphan, which the sweeper finds.
    return () => void this.unlinkAll(unpin()).catch(() => undefined);
  }

  async remove(ids: readonly BlobId[]): Promise<void> {
    await this.unlinkAll(this.holds.remove(ids));
  }

  private async unlinkAll(ids: readonly BlobId[]): Promise<void> {
    for (let at = 0; at < ids.length; at += REMOVALS) {
      await Promise.all(ids.slice(at, at + REMOVALS).map((id) => this.unlink(id)));
    }
  }

  private async unlink(id: BlobId): Promise<void> {
    if (!isBlobId(id)) return;
    await unlink(this.locate(id)).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
  }

  async *list(): AsyncIterable<StoredBlob> {
    for (const digit of HEX_DIGITS) {
      for await (const entry of await opendir(join(this.folder, digit))) {
        const id = entry.name;
        if (!isBlobId(id) || !this.holds.mayBeSwept(id)) continue;
        const found = await stat(this.locate(id)).catch(() => undefined);
        // Asked again: the blob may have been pinned or removed during the look.
        if (found?.isFile() === true && this.holds.mayBeSwept(id)) yield { id, size: found.size };
      }
    }
  }

  async free(): Promise<number> {
    const { bavail, bsize } = await statfs(this.folder);
    return bavail * bsize;
  }
}

async function* readBlob(id: BlobId, path: string, range: ByteRange | undefined): AsyncGenerator<Uint8Array, void> {
  try {
    yield* fileChunks(path, range);
  } catch (error) {
    throw isMissing(error) ? new BlobMissing(id) : error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/** A full device, or a quota used up, is the gateway's state and not its fault. */
function asRefusal(error: unknown): unknown {
  const full = error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
  return full ? new S3Error("InsufficientStorage", { message: "The gateway's staging disk is full.", cause: error }) : error;
}
