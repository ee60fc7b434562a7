import { blake2AsU8a } from "@polkadot/util-crypto";
import { H256 } from "./cess-types.js";
import { fromHex, toHex, Writer } from "./scale/bytes.js";
import { bytes, compact, decode, encode, struct, u32, vec, type Value } from "./scale/types.js";
import type { Changes } from "./state.js";
import type { StoredBlock } from "./store.js";

/** The digest is empty: the only author need not prove its right. */
const Header = struct("sp_runtime::generic::header::Header", {
  parentHash: H256,
  number: compact(u32),
  stateRoot: H256,
  extrinsicsRoot: H256,
  digest: vec(bytes),
});
const Body = vec(bytes);
export type HeaderValue = Value<typeof Header>;

const NO_PARENT = "00".repeat(32);

/**
 * Seals what a block changed and holds. The roots are not those of Merkle tries. The state root is a hash over the
 * parent's state root and the changes: it tells histories apart, but cannot prove a single key.
 */
export function seal(
  parent: StoredBlock | undefined,
  changes: Changes,
  extrinsics: readonly Uint8Array[],
): StoredBlock {
  const parentHeader = parent === undefined ? undefined : headerOf(parent);
  const body = encode(Body, [...extrinsics]);
  const header = encode(Header, {
    parentHash: parent?.hash ?? NO_PARENT,
    number: parent === undefined ? 0 : parent.number + 1,
    stateRoot: stateRoot(parentHeader?.stateRoot ?? NO_PARENT, changes),
    extrinsicsRoot: toHex(blake2AsU8a(body, 256)),
    digest: [],
  });
  return {
    number: parent === undefined ? 0 : parent.number + 1,
    hash: toHex(blake2AsU8a(header, 256)),
    header,
    extrinsics: body,
  };
}

export function headerOf(block: StoredBlock): HeaderValue {
  return decode(Header, block.header);
}

export function extrinsicsOf(block: StoredBlock): Uint8Array[] {
  return decode(Body, block.extrinsics);
}

function stateRoot(parent: string, changes: Changes): string {
  const all = new Writer().bytes(fromHex(parent));
  for (const key of [...changes.keys()].sort()) {
    const value = changes.get(key);
    all
      .bytes(fromHex(key))
      .uint(value === undefined ? 0 : 1, 1)
      .bytes(value ?? new Uint8Array());
  }
  return toHex(blake2AsU8a(all.take(), 256));
}
