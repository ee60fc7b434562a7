import { mkdir, opendir, rename, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { BlobId } from "../model/object.js";
import { syncFolder } from "../files/folder-sync.js";
import { isBlobId, placeInPack } from "./blob-id.js";
import type { BlobPins } from "./blob-pins.js";
import { isMissing } from "./missing.js";
import { type LinkedInPack, neededContents } from "./pack-contents.js";
import type { Packs } from "./packs.js";
import type { Quarantine, QuarantinedFile } from "./quarantine.js";
import type { RemovalHolds } from "./removal-holds.js";

/** `blob.ID.TIME` and `pack.NAME.TIME`: what it was, and when it was set aside. */
const NAME = /^(blob|pack)\.([0-9a-f]{32}(?:-\d{1,15}-[0-9a-f]{8})?)\.(\d{1,15})$/;

type Kind = "blob" | "pack";

export interface QuarantineSettings {
  readonly folder: string;
  /** Where files of these kinds lie otherwise. */
  readonly path: (kind: Kind, name: string) => string;
  readonly linked: LinkedInPack;
}

/** The folder of quarantined files, on the file system of those that are in use: going in and out is a rename. */
export class QuarantineFolder {
  private readonly entries = new Map<string, QuarantinedFile>();

  private constructor(private readonly settings: QuarantineSettings) {}

  static async open(settings: QuarantineSettings): Promise<QuarantineFolder> {
    await mkdir(settings.folder, { recursive: true });
    const quarantine = new QuarantineFolder(settings);
    for await (const { name } of await opendir(settings.folder)) {
      const [, , , since] = NAME.exec(name) ?? [];
      if (since === undefined) continue;
      const { size } = await stat(join(settings.folder, name));
      quarantine.entries.set(name, { name, since: Number(since), size });
    }
    return quarantine;
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

  files(): QuarantinedFile[] {
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
    if (!this.entries.has(name)) return undefined;
    const { kind, id } = parse(name);
    const to = this.settings.path(kind, id);
    await rename(this.path(name), to);
    this.entries.delete(name);
    await syncFolder(join(to, ".."));
    return { kind, id };
  }

  async discard(name: string): Promise<void> {
    if (!this.entries.has(name)) return;
    await unlink(this.path(name)).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
    this.entries.delete(name);
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
    },
    settings: { readonly now?: () => number } = {},
  ) {
    this.now = settings.now ?? Date.now;
  }

  async add(ids: readonly BlobId[]): Promise<void> {
    const { pins, holds } = this.parts;
    // A later sweep finds the others again.
    for (const id of ids) if (!holds.active && isBlobId(id) && pins.mayBeSwept(id)) await this.take(id);
  }

  /** Of a blob that nothing reads or is about to link. */
  async take(id: BlobId): Promise<void> {
    const { folder, packs } = this.parts;
    if (placeInPack(id)) await packs.setAside(id);
    else await folder.take("blob", id, this.now());
  }

  files(): readonly QuarantinedFile[] {
    return this.parts.folder.files();
  }

  blobs(name: string): Promise<readonly BlobId[]> {
    return this.parts.folder.blobs(name);
  }

  async putBack(name: string): Promise<void> {
    const back = await this.parts.folder.putBack(name);
    if (back?.kind === "pack") this.parts.packs.forget(back.id);
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
