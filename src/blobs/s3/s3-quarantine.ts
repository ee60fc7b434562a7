import type { BlobId } from "../../model/object.js";
import { isBlobId, placeInPack } from "../blob-id.js";
import { Since } from "../fresh-blobs.js";
import type { PackSharing } from "../pack-sharing.js";
import type { PackStore } from "../pack-store.js";
import type { Quarantine, QuarantinedFile } from "../quarantine.js";
import { fileKey, FOLDERS, packKey } from "./s3-keys.js";
import type { S3Store } from "./s3-store.js";

/** `TIME.SIZE.blob.ID` and `TIME.SIZE.pack.NAME`. */
const NAME = /^(\d{1,15})\.(\d{1,15})\.(blob|pack)\.([0-9a-f]{32}(?:-\d{1,15}-[0-9a-f]{8})?)$/;
/** How old what is known of the store may be, ms: metrics and the keeper ask often, and listing costs. */
const KNOWN_MS = 60_000;

export interface S3QuarantineParts {
  readonly store: S3Store;
  readonly packStore: PackStore;
  readonly packs: PackSharing;
  /** Whether a blob may be set aside: not one that is pinned or unsettled, nor while removals are held. */
  readonly mayTake: (id: BlobId) => Promise<boolean>;
  readonly now: () => number;
  readonly sweepMs: number;
}

/**
 * What is set aside stays under its key, since copying it would cost as much as storing it; an empty object with its name
 * notes it. So other processes can still read it, which does no harm. To this one it is missing.
 */
export class S3Quarantine implements Quarantine {
  private readonly entries = new Map<string, QuarantinedFile>();
  /** Keys of what is set aside. */
  private readonly keys = new Set<string>();
  private read: Since | undefined;

  constructor(private readonly parts: S3QuarantineParts) {}

  /** Whether it is known here that the object of this key is set aside. */
  has(key: string): boolean {
    return this.keys.has(key);
  }

  async add(ids: readonly BlobId[]): Promise<void> {
    for (const id of ids) if (isBlobId(id) && (await this.parts.mayTake(id))) await this.take(id);
  }

  /** Of a blob that nothing reads or is about to link. */
  async take(id: BlobId): Promise<void> {
    const { store, packs, now, sweepMs } = this.parts;
    if (placeInPack(id)) return packs.setAside(id);
    const found = await store.find(fileKey(id));
    if (found && found.ageMs > sweepMs) await this.note(now(), found.size, "blob", id);
  }

  async takePack(pack: string, since: number): Promise<void> {
    const found = await this.parts.store.find(packKey(pack));
    if (found) await this.note(since, found.size, "pack", pack);
  }

  async files(): Promise<readonly QuarantinedFile[]> {
    if (this.read === undefined || this.read.ms > KNOWN_MS) await this.list();
    return [...this.entries.values()].sort((a, b) => a.since - b.since);
  }

  async blobs(name: string): Promise<readonly BlobId[]> {
    const { kind, id } = parse(name);
    if (!this.entries.has(name)) return [];
    if (kind === "blob") return isBlobId(id) ? [id] : [];
    return [...(await this.parts.packStore.contents(id)).blobs.keys()];
  }

  async putBack(name: string): Promise<void> {
    const { kind, id } = parse(name);
    await this.forget(name);
    if (kind === "pack") await this.parts.packs.forget(id);
  }

  async discard(name: string): Promise<void> {
    if (!this.entries.has(name)) return;
    await this.list();
    // Another process may have put it back.
    if (!this.entries.has(name)) return;
    await this.parts.store.delete(keyOf(name));
    await this.forget(name);
  }

  /** Puts back what holds a blob that is needed. Resolves whether it was there. */
  async rescue(id: BlobId): Promise<boolean> {
    const pack = placeInPack(id)?.pack;
    const ending = pack === undefined ? `.blob.${id}` : `.pack.${pack}`;
    await this.list();
    const found = [...this.entries.keys()].filter((name) => name.endsWith(ending));
    for (const name of found) await this.putBack(name);
    return found.length > 0;
  }

  private async list(): Promise<void> {
    this.read = new Since();
    const gone = new Set(this.entries.keys());
    for await (const { key } of this.parts.store.list(FOLDERS.quarantine)) {
      const name = key.slice(FOLDERS.quarantine.length);
      if (!gone.delete(name) && NAME.test(name)) this.keep(name);
    }
    for (const name of gone) this.drop(name);
  }

  private async note(since: number, size: number, kind: "blob" | "pack", id: string): Promise<void> {
    const name = `${since}.${size}.${kind}.${id}`;
    if (this.keys.has(keyOf(name))) return;
    await this.parts.store.put(FOLDERS.quarantine + name, Buffer.alloc(0));
    this.keep(name);
  }

  private async forget(name: string): Promise<void> {
    await this.parts.store.delete(FOLDERS.quarantine + name);
    this.drop(name);
  }

  private keep(name: string): void {
    const { since, size } = parse(name);
    this.entries.set(name, { name, since, size });
    this.keys.add(keyOf(name));
  }

  private drop(name: string): void {
    this.entries.delete(name);
    this.keys.delete(keyOf(name));
  }
}

function parse(name: string) {
  const [, since, size, kind, id = ""] = NAME.exec(name) ?? [];
  if (kind !== "blob" && kind !== "pack") throw new Error(`no name in quarantine: ${name.slice(0, 80)}`);
  return { since: Number(since), size: Number(size), kind, id } as const;
}

function keyOf(name: string): string {
  const { kind, id } = parse(name);
  return kind === "pack" ? packKey(id) : fileKey(id as BlobId);
}
