import { open, opendir, unlink, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { BlobId } from "../model/object.js";
import { fileChunks } from "../streams/file-chunks.js";
import { isBlobId, newBlobId, packedBlobId, placeInPack } from "./blob-id.js";
import type { StoredBlob } from "./blobs.js";
import { syncFolder } from "../files/folder-sync.js";
import { isMissing } from "./missing.js";
import { writeAll } from "./write-all.js";

export const PACKS_DEFAULTS = {
  /** A pack of at least so many bytes is closed. */
  packBytes: 8 * 1024 * 1024,
  /** Bytes written and synced together, at most. */
  groupBytes: 4 * 1024 * 1024,
};

/** Before each blob: `blob`, its length (32 bits, little-endian), and the 16 random bytes of its id. */
const MAGIC = Buffer.from("blob");
const HEADER_SIZE = 24;

interface Waiting {
  readonly bytes: Uint8Array;
  /** Called with the id before the first byte is written. */
  readonly named: (id: BlobId) => void;
  readonly resolve: (id: BlobId) => void;
  readonly reject: (reason: unknown) => void;
}

interface OpenPack {
  readonly name: string;
  readonly file: FileHandle;
  size: number;
}

/**
 * Small blobs, many in one file. All that wait are appended with one write and one sync, where a file for each would
 * cost two syncs each. A pack is written by one process only, and removed with the last of its blobs. Which blobs of an
 * earlier process's pack still exist is known only after the sweeper has asked the catalog about each; until then all
 * of them count.
 */
export class Packs {
  private readonly settings: typeof PACKS_DEFAULTS;
  private readonly waiting: Waiting[] = [];
  /** Pack → sizes of its blobs that were not removed. An earlier process's pack is added when it is first read. */
  private readonly live = new Map<string, Promise<Map<BlobId, number>>>();
  private current: OpenPack | undefined;
  /** The pack that is written to, also while it is being created. */
  private own: string | undefined;
  private running: Promise<void> | undefined;

  /** `folder` must exist. */
  constructor(
    private readonly folder: string,
    settings: Partial<typeof PACKS_DEFAULTS> = {},
  ) {
    this.settings = { ...PACKS_DEFAULTS, ...settings };
  }

  /** Resolves with the id when the blob would survive a power cut. After a failure nothing of it is left. */
  append(bytes: Uint8Array, named: (id: BlobId) => void): Promise<BlobId> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ bytes, named, resolve, reject });
      this.running ??= this.run();
    });
  }

  path(pack: string): string {
    return join(this.folder, pack);
  }

  /** False only if the blob is known to be removed. */
  async mayHave(id: BlobId): Promise<boolean> {
    const live = this.live.get(placeInPack(id)?.pack ?? "");
    return live === undefined || (await live).has(id);
  }

  async remove(id: BlobId): Promise<void> {
    const { pack } = placeInPack(id) ?? {};
    if (pack === undefined) return;
    const live = await this.blobsOf(pack);
    live.delete(id);
    await this.removeIfEmpty(pack, live);
  }

  /** Every blob that is not known to be removed. Removes packs that hold no blob. */
  async *list(): AsyncGenerator<StoredBlob> {
    for await (const { name } of await opendir(this.folder)) {
      const live = await this.blobsOf(name);
      await this.removeIfEmpty(name, live);
      for (const [id, size] of [...live]) yield { id, size };
    }
  }

  /** Writes what waits, then closes the current pack. */
  async close(): Promise<void> {
    await this.running;
    await this.end([]);
  }

  private async run(): Promise<void> {
    for (let group = this.nextGroup(); group.length > 0; group = this.nextGroup()) await this.commit(group);
    this.running = undefined;
  }

  private nextGroup(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const one of this.waiting) {
      bytes += HEADER_SIZE + one.bytes.length;
      if (count > 0 && bytes > this.settings.groupBytes) break;
      count++;
    }
    return this.waiting.splice(0, count);
  }

  private async commit(group: readonly Waiting[]): Promise<void> {
    const ids: BlobId[] = [];
    try {
      const pack = this.current ?? (await this.begin());
      const live = await this.blobsOf(pack.name);
      const pieces: Uint8Array[] = [];
      let end = pack.size;
      for (const { bytes, named } of group) {
        const random = newBlobId();
        const id = packedBlobId(random, { pack: pack.name, offset: end + HEADER_SIZE, length: bytes.length });
        named(id);
        live.set(id, bytes.length);
        ids.push(id);
        pieces.push(header(random, bytes.length), bytes);
        end += HEADER_SIZE + bytes.length;
      }
      await writeAll(pack.file, Buffer.concat(pieces), pack.size);
      await pack.file.datasync();
      pack.size = end;
    } catch (error) {
      // It is uncertain what the file holds now, so nothing more is appended to it.
      await this.end(ids).catch(() => undefined);
      for (const { reject } of group) reject(error);
      return;
    }
    // A later caller opens the next pack.
    if ((this.current?.size ?? 0) >= this.settings.packBytes) await this.end([]).catch(() => undefined);
    for (const [index, { resolve }] of group.entries()) resolve(ids[index] as BlobId);
  }

  private async begin(): Promise<OpenPack> {
    const name = newBlobId();
    this.own = name;
    this.live.set(name, Promise.resolve(new Map<BlobId, number>()));
    const file = await open(this.path(name), "wx");
    this.current = { name, file, size: 0 };
    await syncFolder(this.folder);
    return this.current;
  }

  /** Closes the current pack. `lost`: blobs whose write failed; they are forgotten. */
  private async end(lost: readonly BlobId[]): Promise<void> {
    const pack = this.current;
    this.current = undefined;
    this.own = undefined;
    if (!pack) return;
    const live = await this.blobsOf(pack.name);
    for (const id of lost) live.delete(id);
    await pack.file.close();
    await this.removeIfEmpty(pack.name, live);
  }

  private async removeIfEmpty(pack: string, live: ReadonlyMap<BlobId, number>): Promise<void> {
    if (live.size > 0 || this.own === pack) return;
    await unlink(this.path(pack)).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
    this.live.delete(pack);
  }

  private blobsOf(pack: string): Promise<Map<BlobId, number>> {
    let live = this.live.get(pack);
    if (!live) {
      live = readPack(this.path(pack), pack);
      this.live.set(pack, live);
      live.catch(() => this.live.delete(pack));
    }
    return live;
  }
}

function header(random: string, length: number): Buffer {
  const bytes = Buffer.alloc(HEADER_SIZE);
  MAGIC.copy(bytes);
  bytes.writeUInt32LE(length, MAGIC.length);
  bytes.write(random, MAGIC.length + 4, "hex");
  return bytes;
}

/** The blobs of a pack up to where it was cut off; none where there is no such file. */
async function readPack(path: string, pack: string): Promise<Map<BlobId, number>> {
  const found = new Map<BlobId, number>();
  let unread: Buffer = Buffer.alloc(0);
  /** Where `unread` begins in the file, and bytes of a blob still to pass over. */
  let position = 0;
  let skip = 0;
  try {
    for await (const chunk of fileChunks(path)) {
      const passed = Math.min(skip, chunk.length);
      skip -= passed;
      position += passed;
      unread = Buffer.concat([unread, chunk.subarray(passed)]);
      while (skip === 0 && unread.length >= HEADER_SIZE) {
        if (!unread.subarray(0, MAGIC.length).equals(MAGIC)) return found;
        const length = unread.readUInt32LE(MAGIC.length);
        const id = packedBlobId(unread.toString("hex", MAGIC.length + 4, HEADER_SIZE), {
          pack,
          offset: position + HEADER_SIZE,
          length,
        });
        // The last blob may be incomplete. Then nothing links it, and it is swept like any other orphan.
        if (!isBlobId(id)) return found;
        found.set(id, length);
        const here = Math.min(unread.length, HEADER_SIZE + length);
        skip = HEADER_SIZE + length - here;
        position += here;
        unread = unread.subarray(here);
      }
    }
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  return found;
}
