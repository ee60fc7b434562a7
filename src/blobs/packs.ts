import { open, opendir, stat, unlink, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { DomainError } from "../model/errors.js";
import type { BlobId } from "../model/object.js";
import { PieceChecksummer } from "../streams/piece-checksums.js";
import { newBlobName, packedBlobId, packedBlobName, placeInPack } from "./blob-id.js";
import type { StoredBlob } from "./blobs.js";
import { Since } from "./fresh-blobs.js";
import { syncFolder } from "../files/folder-sync.js";
import { isMissing } from "./missing.js";
import { HEADER_SIZE, type LinkedInPack, neededContents, packHeader } from "./pack-contents.js";
import type { PackSharing } from "./pack-sharing.js";
import type { BlobCache } from "./blob-cache.js";
import { writeAll } from "./write-all.js";

export const PACKS_DEFAULTS = {
  /** A pack of at least so many bytes is closed. */
  packBytes: 8 * 1024 * 1024,
  /** Bytes written and synced together, at most. */
  groupBytes: 4 * 1024 * 1024,
  /** Milliseconds since 1970. */
  now: () => Date.now(),
};

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
  /** When it was last appended to. */
  appended: Since;
}

/**
 * Small blobs, many in one file. All that wait are appended with one write and one sync, where a file for each would
 * cost two syncs each. A pack is written by one process only, and removed with the last of its blobs. Which blobs of an
 * earlier process's pack still exist is known only after the sweeper has asked the catalog about each; until then all
 * of them count. Where several processes write, what is removed from packs goes by `PackSharing`, and only a pack of which
 * this process has removed all that it wrote goes at once.
 */
export class Packs {
  private readonly settings: typeof PACKS_DEFAULTS;
  private readonly waiting: Waiting[] = [];
  /** Pack → sizes of its blobs that were not removed. An earlier process's pack is added when it is first read. */
  private readonly live = new Map<string, Promise<Map<BlobId, number>>>();
  /** Packs that may hold what the catalog has forgotten, with the time when that was last seen, ms. */
  private readonly doubtful = new Map<string, number>();
  private current: OpenPack | undefined;
  /** The pack that is written to, also while it is being created. */
  private own: string | undefined;
  private running: Promise<void> | undefined;

  /** `folder` must exist. `retire` sets aside a pack that is empty but doubtful, with its time. */
  constructor(
    private readonly folder: string,
    private readonly parts: {
      readonly retire: (pack: string, since: number) => Promise<void>;
      readonly linked: LinkedInPack;
      /** Gets what was written. */
      readonly recent: BlobCache;
      /** Undefined: no other process uses the folder. `idleMs`: a pack that was not appended to for so long is closed. */
      readonly sharing?: { readonly packs: PackSharing; readonly idleMs: number } | undefined;
    },
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
    if (this.parts.sharing?.packs.isRemoved(id) === true) return false;
    const live = this.live.get(placeInPack(id)?.pack ?? "");
    return live === undefined || (await live).has(id);
  }

  async remove(id: BlobId): Promise<void> {
    const { pack } = placeInPack(id) ?? {};
    if (pack === undefined) return;
    const { sharing, recent } = this.parts;
    recent.delete(id);
    sharing?.packs.remove(id);
    if (sharing && !this.live.has(pack)) return;
    const live = await this.blobsOf(pack);
    live.delete(id);
    await this.removeIfEmpty(pack, live);
  }

  /** As `remove`, but the blob's bytes are kept: with the last blob the pack does not go, it is retired. */
  async setAside(id: BlobId): Promise<void> {
    this.parts.recent.delete(id);
    if (this.parts.sharing) return this.parts.sharing.packs.setAside(id);
    const { pack } = placeInPack(id) ?? {};
    if (pack === undefined || !(await this.blobsOf(pack)).has(id)) return;
    this.doubtful.set(pack, this.settings.now());
    await this.remove(id);
  }

  /** The pack was replaced as a whole: what is known of it is not true any more. */
  async forget(pack: string): Promise<void> {
    this.live.delete(pack);
    this.doubtful.delete(pack);
    await this.parts.sharing?.packs.forget(pack);
  }

  /** Every blob that is not known to be removed. Removes packs that hold no blob. */
  async *list(): AsyncGenerator<StoredBlob, void> {
    if (this.parts.sharing) return yield* this.parts.sharing.packs.list();
    for await (const { name } of await opendir(this.folder)) {
      const live = await this.blobsOf(name);
      await this.removeIfEmpty(name, live);
      for (const [id, size] of [...live]) yield { id, size };
    }
  }

  /** One round, where other processes write, too. */
  async upkeep(): Promise<void> {
    if (!this.running) await this.endIdle();
    await this.parts.sharing?.packs.upkeep();
    // Others have removed what this process wrote.
    for (const pack of [...this.live.keys()])
      if (pack !== this.own && (await stat(this.path(pack)).then(() => false, isMissing))) this.live.delete(pack);
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
      await this.endIdle();
      const pack = this.current ?? (await this.begin());
      const live = await this.blobsOf(pack.name);
      const pieces: Uint8Array[] = [];
      let end = pack.size;
      for (const { bytes, named } of group) {
        const place = { pack: pack.name, offset: end + HEADER_SIZE, length: bytes.length };
        const name = packedBlobName(place.pack, place.offset);
        const checksummer = new PieceChecksummer();
        checksummer.update(bytes);
        const { list, ...checksummed } = checksummer.finish();
        const id = packedBlobId(name, place, checksummed.checksum);
        named(id);
        live.set(id, bytes.length);
        ids.push(id);
        pieces.push(packHeader(name, checksummed), bytes, list);
        end += HEADER_SIZE + bytes.length + list.length;
      }
      const memory = Buffer.concat(pieces);
      await writeAll(pack.file, memory, pack.size);
      await pack.file.datasync();
      await this.requireInPlace(pack);
      pack.appended = new Since();
      this.parts.recent.add(ids, memory, pack.size);
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

  /** Other processes take a pack that nothing was appended to for long to be closed. */
  private async endIdle(): Promise<void> {
    const { sharing } = this.parts;
    if (sharing && this.current && this.current.appended.ms > sharing.idleMs) await this.end([]);
  }

  /** All the same it may have been removed, if this process stood still. */
  private async requireInPlace(pack: OpenPack): Promise<void> {
    if (!this.parts.sharing) return;
    const [written, found] = await Promise.all([pack.file.stat(), stat(this.path(pack.name)).catch(() => undefined)]);
    if (found?.ino !== written.ino)
      throw new DomainError({ kind: "dependencyUnavailable" }, "Staging has lost the body. Send it again.");
  }

  private async begin(): Promise<OpenPack> {
    const name = newBlobName();
    this.own = name;
    this.live.set(name, Promise.resolve(new Map<BlobId, number>()));
    const file = await open(this.path(name), "wx");
    this.current = { name, file, size: 0, appended: new Since() };
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
    const since = this.doubtful.get(pack);
    if (since !== undefined) {
      await this.parts.retire(pack, since);
      await this.forget(pack);
      return;
    }
    await unlink(this.path(pack)).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
    await this.forget(pack);
  }

  private blobsOf(pack: string): Promise<Map<BlobId, number>> {
    let live = this.live.get(pack);
    if (!live) {
      live = this.readContents(pack);
      this.live.set(pack, live);
      live.catch(() => this.live.delete(pack));
    }
    return live;
  }

  private async readContents(pack: string): Promise<Map<BlobId, number>> {
    const { blobs, whole } = await neededContents(this.path(pack), pack, this.parts.linked);
    // There may be blobs in it that this catalog has forgotten: the pack must not go with the last one of the list.
    if (!whole) this.doubtful.set(pack, this.settings.now());
    return blobs;
  }
}
