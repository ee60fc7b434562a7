import type { ApiPromise } from "@polkadot/api";
import type { SubmittableExtrinsic } from "@polkadot/api/types";
import type { Codec } from "@polkadot/types/types";
import { asBigInt, optionalField, unwrapped } from "./codec.js";

/** Room for the signature, nonce and the like beside the call, in bytes. */
const ENVELOPE_SIZE = 512;
/** The largest share of a block's room for one extrinsic: others use the chain as well. */
const SHARE = 2n;

/** Whether the runtime has a batch whose calls fail one by one and say so in events. */
export function supportsForceBatch(api: ApiPromise): boolean {
  return api.tx["utility"]?.["forceBatch"] !== undefined && api.events["utility"]?.["ItemFailed"] !== undefined;
}

/** Whether a block of this runtime has room for the extrinsic, by the limits in its metadata. */
export async function fits(api: ApiPromise, extrinsic: SubmittableExtrinsic<"promise">): Promise<boolean> {
  const length = BigInt(extrinsic.method.encodedLength + ENVELOPE_SIZE);
  const { longest, heaviest } = limits(api);
  if (longest !== undefined && length * SHARE > longest) return false;
  if (heaviest === undefined) return true;
  const weight = await weightOf(api, extrinsic);
  return weight === undefined || weight * SHARE <= heaviest;
}

/** Bytes, and picoseconds of reference time, for extrinsics of a block; undefined where the metadata does not say. */
export function limits(api: ApiPromise): {
  readonly longest: bigint | undefined;
  readonly heaviest: bigint | undefined;
} {
  const system = api.consts["system"];
  const lengths = path(system?.["blockLength"], ["max", "normal"]);
  const extrinsic = path(system?.["blockWeights"], ["perClass", "normal", "maxExtrinsic"]);
  return { longest: lengths && asBigInt(lengths), heaviest: refTime(extrinsic && unwrapped(extrinsic)) };
}

/** The weight by the runtime's own estimate; undefined when it has none, and then only the length bounds a batch. */
async function weightOf(api: ApiPromise, extrinsic: SubmittableExtrinsic<"promise">): Promise<bigint | undefined> {
  const query = api.call["transactionPaymentApi"]?.["queryInfo"];
  if (query === undefined) return undefined;
  try {
    const info = await query<Codec>(...queryArguments(extrinsic));
    return refTime(path(info, ["weight"]));
  } catch {
    return undefined;
  }
}

/**
 * The extrinsic for the runtime's estimates: as bytes. A text in hex would get a second length before it where the runtime's
 * metadata has the extrinsic as opaque bytes, and the runtime panics.
 */
export function queryArguments(extrinsic: SubmittableExtrinsic<"promise">): [bytes: Uint8Array, length: number] {
  return [extrinsic.toU8a(), extrinsic.encodedLength];
}

/** Reads a weight in either of its shapes: a struct, or a bare number in older runtimes. */
function refTime(weight: Codec | undefined): bigint | undefined {
  if (weight === undefined) return undefined;
  const inner = optionalField(weight, "refTime");
  return inner === undefined ? asBigInt(weight) : asBigInt(unwrapped(inner) ?? inner);
}

function path(value: Codec | undefined, names: readonly string[]): Codec | undefined {
  let inner = value;
  for (const name of names) inner = inner === undefined ? undefined : optionalField(inner, name);
  return inner;
}
