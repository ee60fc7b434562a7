import { Option, Struct, Vec } from "@polkadot/types";
import type { Codec } from "@polkadot/types/types";
import type { CessAccount } from "../../model/account.js";
import { type Fid, type Hash, isHash } from "../../model/hash.js";
import { formatAccount } from "./accounts.js";
import { ChainUnavailable } from "./chain.js";

/**
 * Reads values whose types come from the node's metadata. A missing field means a runtime that this client does not
 * know; the error says so.
 */

/** A struct's field by its camel-case name. polkadot-js calls a field `hash` `hash_`, since `.hash` is its own. */
export function field(struct: Codec, name: string): Codec {
  const value = optionalField(struct, name);
  if (value === undefined)
    throw new ChainUnavailable(`this runtime's ${struct.toRawType().slice(0, 120)} has no field ${name}`);
  return value;
}

export function optionalField(struct: Codec, name: string): Codec | undefined {
  return struct instanceof Struct ? (struct.get(name) ?? struct.get(`${name}_`)) : undefined;
}

export function items(list: Codec): Codec[] {
  if (!(list instanceof Vec))
    throw new ChainUnavailable(`this runtime has ${list.toRawType().slice(0, 120)} where a list was expected`);
  return [...(list as Vec<Codec>)];
}

/** The value inside an Option; undefined for None. */
export function unwrapped(option: Codec): Codec | undefined {
  if (!(option instanceof Option)) return option;
  return option.isSome ? (option.unwrap() as Codec) : undefined;
}

export function asNumber(value: Codec): number {
  return Number(value.toString());
}

export function asBigInt(value: Codec): bigint {
  return BigInt(value.toString());
}

export function asAccount(value: Codec): CessAccount {
  return formatAccount(value.toU8a());
}

/** Bytes as text, without a length prefix and without the NUL characters that fill up fixed sizes. */
export function asText(value: Codec): string {
  return new TextDecoder().decode(value.toU8a(true)).replace(/\0+$/, "");
}

/** On chain a hash is the 64 ASCII characters of its hex digits. Nothing there checks them, so it may be anything. */
export function asHash(value: Codec): Hash {
  const text = asText(value);
  if (!isHash(text)) throw new Error(`the chain holds a malformed hash: ${JSON.stringify(text.slice(0, 80))}`);
  return text;
}

export function asFid(value: Codec): Fid | undefined {
  const text = asText(value);
  return isHash(text) ? (text as Fid) : undefined;
}

/**
 * For calls and storage keys: the 64 ASCII bytes in polkadot's hex notation. The chain accepts any bytes, but storage
 * nodes can never report a file whose hash is not lower-case hex, so that is an error here.
 */
export function hashArgument(hash: Hash): `0x${string}` {
  if (!isHash(hash)) throw new RangeError(`not a hash: ${JSON.stringify(String(hash).slice(0, 80))}`);
  return `0x${Buffer.from(hash, "latin1").toString("hex")}`;
}

/**
 * For calls and storage keys: a text's bytes in polkadot's hex notation, since a text that begins with 0x would be read
 * as hex.
 */
export function textArgument(text: string): `0x${string}` {
  return `0x${Buffer.from(text, "utf8").toString("hex")}`;
}

/** A text as the bytes a fixed-size type of `size` bytes holds, NUL-padded. Throws RangeError when it is longer. */
export function paddedTextArgument(text: string, size: number): `0x${string}` {
  const bytes = Buffer.from(text, "utf8");
  if (bytes.length > size) throw new RangeError(`"${text}" has ${bytes.length} bytes; the chain holds ${size}`);
  return `0x${Buffer.concat([bytes], size).toString("hex")}`;
}
