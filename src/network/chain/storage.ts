import { unwrapStorageType } from "@polkadot/types";
import type { StorageEntry } from "@polkadot/types/primitive/types";
import type { Codec } from "@polkadot/types/types";
import { ChainUnavailable } from "./chain.js";
import type { Link } from "./link.js";

/** Entries asked for at once when a whole map is read. A storage node's record has about 3.5 kB. */
const PAGE = 200;

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
  const registry = link.api.registry;
  const bytes = Buffer.from(raw.slice(2), "hex");
  const where = `${entry.creator.section}.${entry.creator.method}`;
  try {
    const value = registry.createTypeUnsafe(unwrapStorageType(registry, entry.creator.meta.type), [bytes]);
    if (value.encodedLength === bytes.length) return value;
  } catch (error) {
    throw new ChainUnavailable(`${where} does not have the shape of the node's metadata`, { cause: error });
  }
  throw new ChainUnavailable(`${where} does not have the shape of the node's metadata`);
}
