import { blake2AsU8a, xxhashAsU8a } from "@polkadot/util-crypto";
import { fromHex, Reader, toHex } from "./scale/bytes.js";
import { decode, encode, tuple, type Type } from "./scale/types.js";
import type { State, WritableState } from "./state.js";

export type Hasher = "Blake2_128Concat" | "Twox64Concat";

/** One storage item as the metadata describes it. */
export interface StorageItem {
  readonly name: string;
  readonly value: Type<unknown>;
  /** SCALE bytes read where nothing is stored; undefined: the item is optional. */
  readonly fallback: Uint8Array | undefined;
  readonly map?: { readonly hasher: Hasher; readonly keys: readonly Type<unknown>[] };
}

/** The items of one pallet. Keys are Substrate's: twox128(pallet) ++ twox128(item) ++ hasher(key)… */
export class PalletStorage {
  readonly items: StorageItem[] = [];

  constructor(readonly prefix: string) {}

  value<T>(name: string, type: Type<T>): StorageValue<T, T | undefined>;
  value<T>(name: string, type: Type<T>, fallback: T): StorageValue<T, T>;
  value<T>(name: string, type: Type<T>, fallback?: T): StorageValue<T, T | undefined> {
    this.declare({ name, value: type, fallback: encoded(type, fallback) });
    return new StorageValue(this.prefixOf(name), type, fallback);
  }

  map<K, T>(name: string, key: Type<K>, type: Type<T>): StorageMap<[K], T, T | undefined>;
  map<K, T>(name: string, key: Type<K>, type: Type<T>, fallback: T, hasher?: Hasher): StorageMap<[K], T, T>;
  map<K, T>(
    name: string,
    key: Type<K>,
    type: Type<T>,
    fallback?: T,
    hasher: Hasher = "Blake2_128Concat",
  ): StorageMap<[K], T, T | undefined> {
    const map = { hasher, keys: [key] };
    this.declare({ name, value: type, fallback: encoded(type, fallback), map });
    return new StorageMap(this.prefixOf(name), map, type, fallback);
  }

  doubleMap<A, B, T>(
    name: string,
    first: Type<A>,
    second: Type<B>,
    type: Type<T>,
  ): StorageMap<[A, B], T, T | undefined> {
    const map = { hasher: "Blake2_128Concat", keys: [first, second] } as const;
    this.declare({ name, value: type, fallback: undefined, map });
    return new StorageMap(this.prefixOf(name), map, type, undefined);
  }

  private declare(item: StorageItem): void {
    this.items.push(item);
  }

  private prefixOf(name: string): string {
    return toHex(xxhashAsU8a(this.prefix, 128)) + toHex(xxhashAsU8a(name, 128));
  }
}

export class StorageValue<T, Read> {
  constructor(
    readonly key: string,
    readonly type: Type<T>,
    readonly fallback: Read,
  ) {}

  get(state: State): T | Read {
    const bytes = state.get(this.key);
    return bytes === undefined ? this.fallback : decode(this.type, bytes);
  }

  put(state: WritableState, value: T): void {
    state.set(this.key, encode(this.type, value));
  }

  kill(state: WritableState): void {
    state.delete(this.key);
  }
}

export class StorageMap<K extends readonly unknown[], T, Read> {
  private readonly keys: readonly Type<unknown>[];
  private readonly hasher: Hasher;

  constructor(
    readonly prefix: string,
    map: NonNullable<StorageItem["map"]>,
    readonly type: Type<T>,
    readonly fallback: Read,
  ) {
    this.keys = map.keys;
    this.hasher = map.hasher;
  }

  get(state: State, ...key: K): T | Read {
    const bytes = state.get(this.keyOf(key));
    return bytes === undefined ? this.fallback : decode(this.type, bytes);
  }

  has(state: State, ...key: K): boolean {
    return state.get(this.keyOf(key)) !== undefined;
  }

  put(state: WritableState, value: T, ...key: K): void {
    state.set(this.keyOf(key), encode(this.type, value));
  }

  remove(state: WritableState, ...key: K): void {
    state.delete(this.keyOf(key));
  }

  /** The keys stored under the first parts of a key, at most `limit`, in the order of their hashes. */
  list(state: State, limit: number, ...first: readonly unknown[]): K[] {
    return state.keys(this.keyOf(first), limit).map((key) => this.parse(key));
  }

  keyOf(parts: readonly unknown[]): string {
    return this.prefix + parts.map((part, i) => this.hashed(encode(this.keyType(i), part))).join("");
  }

  private parse(key: string): K {
    // Both hashers append the key itself, so a stored key can be read back; the hash before it has a fixed length.
    const hashDigits = this.hasher === "Blake2_128Concat" ? 32 : 16;
    let rest = key.slice(this.prefix.length);
    const parts = this.keys.map((type) => {
      const reader = new Reader(fromHex(rest.slice(hashDigits)));
      const value = type.read(reader);
      rest = rest.slice(hashDigits + 2 * reader.position);
      return value;
    });
    return parts as unknown as K;
  }

  private keyType(index: number): Type<unknown> {
    const type = this.keys[index];
    if (type === undefined) throw new RangeError("more keys than the map has");
    return type;
  }

  private hashed(key: Uint8Array): string {
    const hash = this.hasher === "Blake2_128Concat" ? blake2AsU8a(key, 128) : xxhashAsU8a(key, 64);
    return toHex(hash) + toHex(key);
  }
}

/** How a map with several keys is described: its key is the tuple of them. */
export function keyType(keys: readonly Type<unknown>[]): Type<unknown> {
  const [only] = keys;
  return keys.length === 1 && only !== undefined ? only : tuple(...keys);
}

function encoded<T>(type: Type<T>, value: T | undefined): Uint8Array | undefined {
  return value === undefined ? undefined : encode(type, value);
}
