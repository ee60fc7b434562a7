import type { BlobId } from "../model/object.js";
import { placeInPack } from "./blob-id.js";
import type { StoredBlob } from "./blobs.js";
import { blobName, type PackStore } from "./pack-store.js";

interface Removed {
  readonly ids: Set<BlobId>;
  /** Not in this process's list yet. */
  unwritten: BlobId[];
  /** Something was removed since the pack was last looked at. */
  due: boolean;
}

export interface PackSharingParts {
  readonly store: PackStore;
  /** Sets a pack aside, with its time. */
  readonly retire: (pack: string, since: number) => Promise<void>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** A pack whose blobs were all removed goes when nothing was appended to it for so long, ms. */
  readonly removeMs: number;
  /** Only packs that are older are swept, ms. */
  readonly sweepMs: number;
}

/**
 * Packs of small blobs that several processes write and remove from. Each pack is written by one process. All list what they
 * have removed from it, and it goes when the lists together have all its blobs and it has not been written to for long. Where
 * a list was lost with its process, the sweeper finds the blobs, and the pack goes into quarantine.
 */
export class PackSharing {
  private readonly removed = new Map<string, Removed>();
  /** Blobs that were set aside, of packs that are still in use, with the time. */
  private readonly aside = new Map<string, { readonly ids: Set<BlobId>; since: number }>();

  constructor(private readonly parts: PackSharingParts) {}

  /** Whether this process removed the blob or set it aside. */
  isRemoved(id: BlobId): boolean {
    const { pack } = placeInPack(id) ?? {};
    if (pack === undefined) return false;
    return this.removed.get(pack)?.ids.has(id) === true || this.aside.get(pack)?.ids.has(id) === true;
  }

  remove(id: BlobId): void {
    const { pack } = placeInPack(id) ?? {};
    if (pack === undefined) return;
    const removed = this.removed.get(pack) ?? { ids: new Set(), unwritten: [], due: false };
    this.removed.set(pack, removed);
    if (removed.ids.has(id)) return;
    removed.ids.add(id);
    removed.unwritten.push(id);
    removed.due = true;
  }

  /** The pack is set aside when nothing is left in it but such blobs and removed ones. */
  async setAside(id: BlobId): Promise<void> {
    const { pack } = placeInPack(id) ?? {};
    const { store, now, sweepMs } = this.parts;
    // A younger one is found by a later sweep.
    if (pack === undefined || (await store.isOlder(pack, sweepMs)) !== true) return;
    const aside = this.aside.get(pack) ?? { ids: new Set(), since: 0 };
    aside.ids.add(id);
    aside.since = now();
    this.aside.set(pack, aside);
    await this.look(pack);
  }

  /** The pack is gone, or was replaced as a whole. */
  async forget(pack: string): Promise<void> {
    this.removed.delete(pack);
    this.aside.delete(pack);
    await this.parts.store.forget(pack);
  }

  /** Every blob of packs that are old enough to be swept, but for removed ones. Removes packs that hold no blob. */
  async *list(): AsyncGenerator<StoredBlob, void> {
    const { store, sweepMs } = this.parts;
    for await (const pack of store.packs())
      if ((await store.isOlder(pack, sweepMs)) === true)
        for (const [id, size] of await this.look(pack)) yield { id, size };
    // Of packs that are gone, by processes that have ended.
    for await (const pack of store.listed()) if ((await store.isOlder(pack, 0)) === undefined) await this.forget(pack);
  }

  /** Writes down what was removed, and removes the packs of which nothing is left. */
  async upkeep(): Promise<void> {
    const { store, removeMs } = this.parts;
    for (const [pack, removed] of [...this.removed]) {
      await this.write(pack, removed);
      if (!removed.due) continue;
      const old = await store.isOlder(pack, removeMs);
      if (old === undefined) await this.forget(pack);
      else if (old) {
        removed.due = false;
        await this.look(pack);
      }
    }
  }

  /** What is left of a pack that nothing is appended to any more. Removes it, or sets it aside, if nothing is. */
  private async look(pack: string): Promise<ReadonlyMap<BlobId, number>> {
    const { store, retire, now } = this.parts;
    const own = this.removed.get(pack);
    if (own) await this.write(pack, own);
    const removed = await store.removedNames(pack);
    const { blobs, whole } = await store.contents(pack);
    const aside = this.aside.get(pack);
    const all = [...blobs.keys()];
    for (const id of all) if (removed.has(blobName(id)) || aside?.ids.has(id) === true) blobs.delete(id);
    if (blobs.size > 0) return blobs;
    // There may be blobs in it that this catalog has forgotten.
    if (aside || !whole) await retire(pack, aside?.since ?? now());
    else if (!(await store.delete(pack, all))) return blobs;
    await this.forget(pack);
    return blobs;
  }

  private async write(pack: string, removed: Removed): Promise<void> {
    const added = removed.unwritten;
    if (added.length === 0) return;
    removed.unwritten = [];
    try {
      await this.parts.store.noteRemoved(pack, added, removed.ids);
    } catch (error) {
      removed.unwritten = [...added, ...removed.unwritten];
      throw error;
    }
  }
}
