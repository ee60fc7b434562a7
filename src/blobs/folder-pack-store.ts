import { mkdir, open, opendir, readdir, readFile, rename, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { BlobId } from "../model/object.js";
import { isMissing } from "./missing.js";
import { type LinkedInPack, neededContents, type PackContents } from "./pack-contents.js";
import { addNames, namesAsBytes, type PackStore } from "./pack-store.js";
import type { SharedFolder } from "./shared-folder.js";

export interface FolderPackStoreParts {
  /** Of the packs. */
  readonly folder: string;
  /** Of the lists of removed blobs: `<pack>/<process>`. */
  readonly removedFolder: string;
  readonly shared: SharedFolder;
  readonly linked: LinkedInPack;
}

/** Packs in a folder. */
export class FolderPackStore implements PackStore {
  private constructor(private readonly parts: FolderPackStoreParts) {}

  static async open(parts: FolderPackStoreParts): Promise<FolderPackStore> {
    await mkdir(parts.removedFolder, { recursive: true });
    return new FolderPackStore(parts);
  }

  packs(): AsyncIterable<string> {
    return namesIn(this.parts.folder);
  }

  listed(): AsyncIterable<string> {
    return namesIn(this.parts.removedFolder);
  }

  isOlder(pack: string, ms: number): Promise<boolean | undefined> {
    return this.parts.shared.isOlder(this.path(pack), ms);
  }

  contents(pack: string): Promise<PackContents> {
    return neededContents(this.path(pack), pack, this.parts.linked);
  }

  /** It is moved first: what was appended meanwhile brings it back. */
  async delete(pack: string, blobs: readonly BlobId[]): Promise<boolean> {
    const { shared } = this.parts;
    const [path, taken] = [this.path(pack), join(shared.unfinished, pack)];
    try {
      await rename(path, taken);
      const old = await shared.isOlder(taken, shared.settings.removeMs);
      if (old === false || (await shared.settings.orphans(blobs)).length < blobs.length) {
        await rename(taken, path);
        return false;
      }
      await rm(taken, { force: true });
    } catch (error) {
      // Another process was first.
      if (!isMissing(error)) throw error;
    }
    return true;
  }

  /** No sync: what a power cut loses costs only room. */
  async noteRemoved(pack: string, added: readonly BlobId[]): Promise<void> {
    const folder = join(this.parts.removedFolder, pack);
    await mkdir(folder, { recursive: true });
    let list: FileHandle;
    try {
      list = await open(join(folder, this.parts.shared.writer), "a");
    } catch (error) {
      // Another process found the pack gone, and removes its lists.
      if (isMissing(error)) return;
      throw error;
    }
    try {
      await list.write(namesAsBytes(added));
    } finally {
      await list.close();
    }
  }

  async removedNames(pack: string): Promise<ReadonlySet<string>> {
    const names = new Set<string>();
    const folder = join(this.parts.removedFolder, pack);
    for (const list of await readdir(folder).catch(() => []))
      addNames(names, await readFile(join(folder, list)).catch(() => Buffer.alloc(0)));
    return names;
  }

  async forget(pack: string): Promise<void> {
    await rm(join(this.parts.removedFolder, pack), { recursive: true, force: true });
  }

  private path(pack: string): string {
    return join(this.parts.folder, pack);
  }
}

async function* namesIn(folder: string): AsyncGenerator<string, void> {
  for await (const { name } of await opendir(folder)) yield name;
}
