import { setImmediate } from "node:timers/promises";
import { TypeDefInfo, unwrapStorageType } from "@polkadot/types";
import type { StorageEntry } from "@polkadot/types/primitive/types";
import type { Codec, CodecClass } from "@polkadot/types/types";
import { compactFromU8a } from "@polkadot/util";
import { ChainUnavailable } from "./chain.js";
import type { Link } from "./link.js";

/** Entries asked for at once when a whole map is read. A storage node's record has about 3.5 kB. */
const PAGE = 200;
/** Elements of a list that are decoded in one go (about a millisecond). */
const SLICE = 100;

/**
 * One storage value, by the types in the node's metadata, at a block (its hash) or the best one; undefined where there
 * is none. Rejects with ChainUnavailable when the bytes do not have the metadata's shape: that happens for a block or
 * two around a runtime upgrade, where decoding with the wrong types would give nonsense.
 */
export async function readStorage(
  link: Link,
  pallet: string,
  item: string,
  keys: readonly unknown[],
  at?: string,
): Promise<Codec | undefined> {
  const entry = entryOf(link, pallet, item);
  const raw = await link.send("state_getStorage", at === undefined ? [entry.key(...keys)] : [entry.key(...keys), at]);
  return typeof raw === "string" ? decode(link, entry, raw) : undefined;
}

/**
 * The entries of a list in storage, some at a time, with a pause for the event loop in between: an account's list of files
 * may have 500,000. Yields nothing where there is no list. Rejects as `readStorage` does.
 */
export async function* readList(
  link: Link,
  pallet: string,
  item: string,
  keys: readonly unknown[],
  at: string,
): AsyncGenerator<readonly Codec[], void> {
  const entry = entryOf(link, pallet, item);
  const raw = await link.send("state_getStorage", [entry.key(...keys), at]);
  if (typeof raw !== "string") return;
  const { buffer, byteOffset, length } = Buffer.from(raw.slice(2), "hex");
  // A Buffer would be copied, from the element to its end, for each element.
  const bytes = new Uint8Array(buffer, byteOffset, length);
  const Element = elementClass(link, entry);
  let [position, left] = listHead(bytes);
  while (left > 0) {
    const some: Codec[] = [];
    for (const end = Math.max(left - SLICE, 0); left > end; left--) {
      const element = elementAt(link, entry, Element, bytes.subarray(position));
      position += element.encodedLength;
      some.push(element);
    }
    if (position > bytes.length) throw misshapen(entry);
    yield some;
    await setImmediate();
  }
  if (position !== bytes.length) throw misshapen(entry);
}

function elementAt(link: Link, entry: Entry, Element: CodecClass, bytes: Uint8Array): Codec {
  try {
    return new Element(link.api.registry, bytes);
  } catch (error) {
    throw misshapen(entry, error);
  }
}

/** The number of bytes that a list's length takes, and the length. */
function listHead(bytes: Uint8Array): [number, number] {
  const [read, length] = compactFromU8a(bytes);
  return [read, length.toNumber()];
}

/** The class of a list's elements, by the metadata. */
function elementClass(link: Link, entry: Entry): CodecClass {
  const { registry } = link.api;
  const type = entry.creator.meta.type;
  const { info, sub } = registry.lookup.getTypeDef(type.isMap ? type.asMap.value : type.asPlain);
  if (info !== TypeDefInfo.Vec || sub === undefined || Array.isArray(sub)) throw misshapen(entry);
  return registry.createClassUnsafe(sub.lookupName ?? sub.type);
}

/**
 * All entries of a map at one block, or those of a map with two keys under `first`: the raw last key (after its 16-byte
 * hash) and the value.
 */
export async function* readMap(
  link: Link,
  pallet: string,
  item: string,
  at: string,
  ...first: readonly unknown[]
): AsyncGenerator<{ key: Uint8Array; value: Codec }> {
  const entry = entryOf(link, pallet, item);
  const prefix = entry.keyPrefix(...first);
  // Two xxhash-128 of pallet and item, and what is given; then the blake2-128 of the key before the key itself.
  const keyAt = (prefix.length - 2) / 2 + 16;
  for (let last: string | undefined; ;) {
    const keys = (await link.send("state_getKeysPaged", [prefix, PAGE, last ?? null, at])) as string[];
    if (keys.length === 0) return;
    const [set] = (await link.send("state_queryStorageAt", [keys, at])) as { changes: [string, string | null][] }[];
    for (const [key, raw] of set?.changes ?? []) {
      if (raw === null) continue;
      yield { key: Buffer.from(key.slice(2), "hex").subarray(keyAt), value: decode(link, entry, raw) };
    }
    if (keys.length < PAGE) return;
    last = keys.at(-1);
  }
}

interface Entry {
  key: (...keys: readonly unknown[]) => string;
  keyPrefix: (...first: readonly unknown[]) => string;
  creator: StorageEntry;
}

function entryOf(link: Link, pallet: string, item: string): Entry {
  const entry = link.api.query[pallet]?.[item];
  if (entry === undefined) throw new ChainUnavailable(`${link.name}: this runtime has no storage ${pallet}.${item}`);
  return entry;
}

function decode(link: Link, entry: Entry, raw: string): Codec {
  const bytes = Buffer.from(raw.slice(2), "hex");
  const value = decodeAt(link, entry, unwrapStorageType(link.api.registry, entry.creator.meta.type), bytes);
  if (value.encodedLength === bytes.length) return value;
  throw misshapen(entry);
}

/** The value that begins with these bytes. */
function decodeAt(link: Link, entry: Entry, type: string, bytes: Uint8Array): Codec {
  try {
    return link.api.registry.createTypeUnsafe(type, [bytes]);
  } catch (error) {
    throw misshapen(entry, error);
  }
}

function misshapen({ creator: { section, method } }: Entry, cause?: unknown): ChainUnavailable {
  return new ChainUnavailable(
    `${section}.${method} does not have the shape of the node's metadata`,
    cause === undefined ? {} : { cause },
  );
}
