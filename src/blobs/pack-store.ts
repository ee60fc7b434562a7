import type { BlobId } from "../model/object.js";
import type { PackContents } from "./pack-contents.js";

/** Where packs lie that several processes use, and the lists of what was removed from them. */
export interface PackStore {
  /** Their names. */
  packs(): AsyncIterable<string>;
  /** Whether a pack was last written more than `ms` ago, by the store's own clock; undefined if there is none. */
  isOlder(pack: string, ms: number): Promise<boolean | undefined>;
  /** What is in a pack that nothing is appended to any more. Nothing where there is no such pack. */
  contents(pack: string): Promise<PackContents>;
  /** Removes a pack, which had these blobs. False: it is still there, since something was appended or is needed. */
  delete(pack: string, blobs: readonly BlobId[]): Promise<boolean>;
  /**
   * Lists what this process has removed from a pack: `added` is new, `all` is everything. A list that is lost costs room,
   * never bytes.
   */
  noteRemoved(pack: string, added: readonly BlobId[], all: ReadonlySet<BlobId>): Promise<void>;
  /** The random names, in hex, of the blobs that any process has listed as removed. */
  removedNames(pack: string): Promise<ReadonlySet<string>>;
  /** The packs of which there are such lists. */
  listed(): AsyncIterable<string>;
  /** Removes all such lists of a pack. */
  forget(pack: string): Promise<void>;
}

/** Bytes of a blob's random name, in a list of them. */
const NAME_BYTES = 16;

/** Of a blob, in hex. */
export function blobName(id: BlobId): string {
  return id.slice(0, 2 * NAME_BYTES);
}

/** Names, one after another. */
export function namesAsBytes(ids: Iterable<BlobId>): Buffer {
  return Buffer.concat(Array.from(ids, (id) => Buffer.from(blobName(id), "hex")));
}

/** Adds the names that `namesAsBytes` wrote. The last one may be cut off. */
export function addNames(names: Set<string>, bytes: Buffer): void {
  for (let at = 0; at + NAME_BYTES <= bytes.length; at += NAME_BYTES)
    names.add(bytes.toString("hex", at, at + NAME_BYTES));
}
