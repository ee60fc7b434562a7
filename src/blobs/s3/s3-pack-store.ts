import type { BlobId } from "../../model/object.js";
import { type LinkedInPack, packContents, type PackContents, withLinked } from "../pack-contents.js";
import { addNames, namesAsBytes, type PackStore } from "../pack-store.js";
import { FOLDERS, packKey } from "./s3-keys.js";
import type { S3Store } from "./s3-store.js";

export interface S3PackStoreParts {
  readonly store: S3Store;
  /** Names this process. */
  readonly writer: string;
  readonly linked: LinkedInPack;
  /** Whether the object of a key is set aside. */
  readonly isAside: (key: string) => boolean;
  readonly orphans: (ids: readonly BlobId[]) => Promise<BlobId[]>;
}

/** Packs as objects, each written by one request and never changed. */
export class S3PackStore implements PackStore {
  constructor(private readonly parts: S3PackStoreParts) {}

  async *packs(): AsyncGenerator<string, void> {
    const { store, isAside } = this.parts;
    for await (const { key } of store.list(FOLDERS.packs)) if (!isAside(key)) yield key.slice(FOLDERS.packs.length);
  }

  async *listed(): AsyncGenerator<string, void> {
    let last: string | undefined;
    for await (const { key } of this.parts.store.list(FOLDERS.removed)) {
      const pack = key.slice(FOLDERS.removed.length).split("/")[0] ?? "";
      if (pack !== last) yield pack;
      last = pack;
    }
  }

  async isOlder(pack: string, ms: number): Promise<boolean | undefined> {
    const found = await this.parts.store.find(packKey(pack));
    return found && found.ageMs > ms;
  }

  async contents(pack: string): Promise<PackContents> {
    const bytes = (await this.parts.store.whole(packKey(pack))) ?? Buffer.alloc(0);
    const chunks = (async function* () {
      yield await Promise.resolve(bytes);
    })();
    return withLinked(await packContents(chunks, pack), pack, this.parts.linked);
  }

  async delete(pack: string, blobs: readonly BlobId[]): Promise<boolean> {
    const { store, orphans } = this.parts;
    if (blobs.length > 0 && (await orphans(blobs)).length < blobs.length) return false;
    await store.delete(packKey(pack));
    return true;
  }

  async noteRemoved(pack: string, _added: readonly BlobId[], all: ReadonlySet<BlobId>): Promise<void> {
    const { store, writer } = this.parts;
    await store.put(`${FOLDERS.removed}${pack}/${writer}`, namesAsBytes(all));
  }

  async removedNames(pack: string): Promise<ReadonlySet<string>> {
    const { store } = this.parts;
    const names = new Set<string>();
    for await (const { key } of store.list(`${FOLDERS.removed}${pack}/`))
      addNames(names, (await store.whole(key)) ?? Buffer.alloc(0));
    return names;
  }

  async forget(pack: string): Promise<void> {
    const { store } = this.parts;
    for await (const { key } of store.list(`${FOLDERS.removed}${pack}/`)) await store.delete(key);
  }
}
