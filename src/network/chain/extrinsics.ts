import type { ApiPromise } from "@polkadot/api";
import type { SubmittableExtrinsic } from "@polkadot/api/types";
import { U8aFixed } from "@polkadot/types";
import { ChainUnavailable } from "./chain.js";
import { paddedTextArgument, textArgument } from "./codec.js";

/**
 * A call as the node's metadata has it. Throws ChainUnavailable where the runtime lacks it: the node serves another
 * chain.
 */
export function call(
  api: ApiPromise,
  pallet: string,
  name: string,
  args: readonly unknown[],
): SubmittableExtrinsic<"promise"> {
  const found = api.tx[pallet]?.[name];
  if (found === undefined) throw new ChainUnavailable(`this runtime has no call ${pallet}.${name}`);
  return found(...args);
}

/** The first of several names under which runtimes of different age have the same call. */
export function callName(api: ApiPromise, pallet: string, names: readonly string[]): string {
  const name = names.find((candidate) => api.tx[pallet]?.[candidate] !== undefined);
  if (name === undefined)
    throw new ChainUnavailable(`this runtime has none of the calls ${pallet}.${names.join(", ")}`);
  return name;
}

/** Most bytes of an address where the runtime does not fix its size. */
const ENDPOINT_LIMIT = 100;

/**
 * A storage node's address for the call's parameter at this position: older runtimes have it as bytes of a fixed size,
 * to be NUL-padded. Throws RangeError when it is too long for the runtime.
 */
export function endpointArgument(
  api: ApiPromise,
  pallet: string,
  name: string,
  position: number,
  endpoint: string,
): string {
  const type = api.tx[pallet]?.[name]?.meta.args[position]?.type.toString();
  if (type === undefined) throw new ChainUnavailable(`this runtime's ${pallet}.${name} has no parameter ${position}`);
  const sample = api.registry.createTypeUnsafe(type, []);
  if (sample instanceof U8aFixed) return paddedTextArgument(endpoint, sample.encodedLength);
  paddedTextArgument(endpoint, ENDPOINT_LIMIT);
  return textArgument(endpoint);
}
