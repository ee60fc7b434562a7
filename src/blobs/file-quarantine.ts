import { mkdir, opendir, rename, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { BlobId } from "../model/object.js";
import { syncFolder } from "../files/folder-sync.js";
import { isBlobId, placeInPack } from "./blob-id.js";
import { Since } from "./fresh-blobs.js";
import type { BlobPins } from "./blob-pins.js";
import { isMissing } from "./missing.js";
import { type LinkedInPack, neededContents } from "./pack-contents.js";
import type { Packs } from "./packs.js";
import type { Quarantine, QuarantinedFile } from "./quarantine.js";
import type { RemovalHolds } from "./removal-holds.js";
import type { SharedFolder } from "./shared-folder.js";

/** `blob.ID.TIME` and `pack.NAME.TIME`: what it was, and when it was set aside. */
const NAME = /^(blob|pack)\.([0-9a-f]{32}(?:-\d{1,15}-[0-9a-f]{8})?)\.(\d{1,15})$/;

type Kind = "blob" | "pack";

export interface QuarantineSettings {
  readonly folder: string;
  /** Where files of these kinds lie otherwise. */
  readonly path: (kind: Kind, name: string) => string;
  readonly linked: LinkedInPack;
  /** Other processes set files aside, too. */
  readonly shared: boolean;
}

/** How old what is known of a shared folder may be, ms. */
const KNOWN_MS = 5_000;

/** The folder of quarantined files, on the file system of those that are in use: going in and out is a rename. */
export class QuarantineFolder {
  private readonly entries = new Map<string, QuarantinedFile>();
  private read = new Since();

  private constructor(private readonly settings: QuarantineSettings) {}

  static async open(settings: QuarantineSettings): Promise<QuarantineFolder> {
    await mkdir(settings.folder, { recursive: true });
    const quarantine = new QuarantineFolder(settings);
    await quarantine.readFolder();
    return quarantine;
  }

  private async readFolder(): Promise<void> {
    const { folder } = this.settings;
    this.read = new Since();
    const gone = new Set(this.entries.keys());
    for await (const { name } of await opendir(folder)) {
      const [, , , since] = NAME.exec(name) ?? [];
      if (since === undefined || gone.delete(name)) continue;
      const found = await stat(join(folder, name)).catch(() => undefined);
      if (found) this.entries.set(name, { name, since: Number(since), size: found.size });
    }
    for (const name of gone) this.entries.delete(name);
  }

  /** Does nothing if the file is not there. */
  async take(kind: Kind, id: string, since: number): Promise<void> {
    const from = this.settings.path(kind, id);
    const name = `${kind}.${id}.${since}`;
    try {
      const { size } = await stat(from);
      await rename(from, this.path(name));
      this.entries.set(name, { name, since, size });
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  async files(): Promise<QuarantinedFile[]> {
    if (this.settings.shared && this.read.ms > KNOWN_MS) await this.readFolder();
    return [...this.entries.values()].sort((a, b) => a.since - b.since);
  }

  async blobs(name: string): Promise<readonly BlobId[]> {
    const { kind, id } = parse(name);
    if (!this.entries.has(name)) return [];
    if (kind === "blob") return isBlobId(id) ? [id] : [];
    return [...(await neededContents(this.path(name), id, this.settings.linked)).blobs.keys()];
  }

  /** Returns what it is, and its name there; undefined if it is not in quarantine. Survives a power cut. */
  async putBack(name: string): Promise<{ readonly kind: Kind; readonly id: string } | undefined> {
    const entry = this.entries.get(name);
    if (!entry) return undefined;
    const { kind, id } = parse(name);
    const to = this.settings.path(kind, id);
    this.entries.delete(name);
    try {
      await rename(this.path(name), to);
    } catch (error) {
      // Another process was first.
      if (isMissing(error)) return undefined;
      this.entries.set(name, entry);
      throw error;
    }
    await syncFolder(join(to, ".."));
    return { kind, id };
  }

  /** Puts the file back that a blob is in. Returns its name there; undefined if there is none. */
  async rescue(id: BlobId): Promise<string | undefined> {
    const pack = placeInPack(id)?.pack;
    const beginning = pack === undefined ? `blob.${id}.` : `pack.${pack}.`;
    await this.readFolder();
    const name = [...this.entries.keys()].find((entry) => entry.startsWith(beginning));
    return name !== undefined && (await this.putBack(name)) ? name : undefined;
  }

  async discard(name: string): Promise<void> {
    if (!this.entries.has(name)) return;
    await unlink(this.path(name)).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
    this.entries.delete(name);
  }

  /** Where a blob that is a file of its own lies when it is in use. */
  pathOf(id: BlobId): string {
    return this.settings.path("blob", id);
  }

  private path(name: string): string {
    return join(this.settings.folder, name);
  }
}

/** Sets blobs aside and puts them back, beside the other services of FileBlobs. */
export class FileQuarantine implements Quarantine {
  private readonly now: () => number;

  constructor(
    private readonly parts: {
      readonly folder: QuarantineFolder;
      readonly packs: Pick<Packs, "setAside" | "forget">;
      readonly pins: Pick<BlobPins, "mayBeSwept">;
      readonly holds: Pick<RemovalHolds, "active">;
      /** Undefined: no other process uses the folder. */
      readonly shared?: SharedFolder | undefined;
    },
    settings: { readonly now?: () => number } = {},
  ) {
    this.now = settings.now ?? Date.now;
  }

  async add(ids: readonly BlobId[]): Promise<void> {
    const { pins, holds } = this.parts;
    // A later sweep finds the others again.
    for (const id of ids)
      if (!holds.active && isBlobId(id) && pins.mayBeSwept(id) && (await this.mayTake(id))) await this.take(id);
  }

  /** The writer of a blob may have made it young again since it was listed. Packs are asked themselves. */
  private async mayTake(id: BlobId): Promise<boolean> {
    const { shared, folder } = this.parts;
    if (!shared) return true;
    if (await shared.holds.isHeld()) return false;
    return placeInPack(id) !== undefined || (await shared.isOlder(folder.pathOf(id), shared.settings.sweepMs)) === true;
  }

  /** Puts back what holds a blob that is needed. Resolves whether it was there. */
  async rescue(id: BlobId): Promise<boolean> {
    const pack = placeInPack(id)?.pack;
    const found = await this.parts.folder.rescue(id);
    if (found !== undefined && pack !== undefined) await this.parts.packs.forget(pack);
    return found !== undefined;
  }

  /** Of a blob that nothing reads or is about to link. */
  async take(id: BlobId): Promise<void> {
    const { folder, packs } = this.parts;
    if (placeInPack(id)) await packs.setAside(id);
    else await folder.take("blob", id, this.now());
  }

  files(): Promise<readonly QuarantinedFile[]> {
    return this.parts.folder.files();
  }

  blobs(name: string): Promise<readonly BlobId[]> {
    return this.parts.folder.blobs(name);
  }

  async putBack(name: string): Promise<void> {
    const back = await this.parts.folder.putBack(name);
    if (back?.kind === "pack") await this.parts.packs.forget(back.id);
  }

  discard(name: string): Promise<void> {
    return this.parts.folder.discard(name);
  }
}

function parse(name: string): { readonly kind: Kind; readonly id: string } {
  const [, kind, id = ""] = NAME.exec(name) ?? [];
  if (kind !== "blob" && kind !== "pack") throw new Error(`no name in quarantine: ${name.slice(0, 80)}`);
  return { kind, id };
}
