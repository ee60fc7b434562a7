import { blake2AsU8a } from "@polkadot/util-crypto";
import type { Chain } from "../chain.js";
import type { Runtime } from "../runtime.js";
import { Reader, toHex } from "../scale/bytes.js";
import { bytes, decode, encode, option, u32, vec } from "../scale/types.js";
import { METADATA_VERSION } from "../metadata.js";
import { RuntimeVersion, runtimeVersion } from "../pallets/system.js";
import type { State } from "../state.js";
import { blockAt, prefixed, type Methods, type Params } from "./method.js";
import { invalidParams, RpcError } from "./rpc-error.js";

const KEYS_LIMIT = 1000;
const SUBSCRIBED_KEYS_LIMIT = 4096;

/** `state_…`: storage at any recent block, metadata, runtime version, runtime calls. */
export const stateMethods: Methods = {
  state_getMetadata: (_params, { runtime }) => prefixed(runtime.metadata),
  state_getRuntimeVersion: (_params, { runtime }) => versionOf(runtime),
  chain_getRuntimeVersion: (_params, { runtime }) => versionOf(runtime),
  state_subscribeRuntimeVersion: (_params, { runtime }, subscriber) =>
    subscriber.subscribe("state_runtimeVersion", (notify) => {
      notify(versionOf(runtime));
      return () => undefined;
    }),
  state_unsubscribeRuntimeVersion: (params, _components, subscriber) => subscriber.unsubscribe(params.text(0)),
  state_getStorage: (params, { chain }) => valueAt(stateAt(chain, params, 1), params.hex(0)),
  state_getStorageAt: (params, { chain }) => valueAt(stateAt(chain, params, 1), params.hex(0)),
  state_getStorageHash(params, { chain }) {
    const value = stateAt(chain, params, 1).get(params.hex(0));
    return value === undefined ? null : prefixed(blake2AsU8a(value, 256));
  },
  state_getStorageSize: (params, { chain }) => stateAt(chain, params, 1).get(params.hex(0))?.length ?? null,
  state_queryStorageAt(params, { chain }) {
    const block = blockAt(chain, params, 1);
    const state = stateAt(chain, params, 1);
    return [
      { block: prefixed(block.hash), changes: params.hexList(0).map((key) => [prefixed(key), valueAt(state, key)]) },
    ];
  },
  /** Deprecated, and what the Go SDKs ask. All keys at once, and no more than a page has. */
  state_getKeys(params, { chain }) {
    return stateAt(chain, params, 1).keys(params.hex(0), KEYS_LIMIT, "").map(prefixed);
  },
  state_getKeysPaged(params, { chain }) {
    const count = params.number(1);
    if (count > KEYS_LIMIT)
      throw new RpcError(4002, `count exceeds maximum value. value: ${count}, max: ${KEYS_LIMIT}`);
    const after = params.has(2) ? params.hex(2) : "";
    return stateAt(chain, params, 3).keys(params.hex(0), count, after).map(prefixed);
  },
  state_subscribeStorage(params, { chain }, subscriber) {
    const keys = params.hexList(0);
    if (keys.length > SUBSCRIBED_KEYS_LIMIT) throw invalidParams(`at most ${SUBSCRIBED_KEYS_LIMIT} keys`);
    return subscriber.subscribe("state_storage", (notify) => {
      const tell = (wanted: readonly string[]): void => {
        const { state, best } = chain;
        notify({ block: prefixed(best.hash), changes: wanted.map((key) => [prefixed(key), valueAt(state, key)]) });
      };
      const onBlock = (): void => {
        const changed = new Set(chain.components.store.changedIn(chain.best.number));
        const wanted = keys.filter((key) => changed.has(key));
        if (wanted.length > 0) tell(wanted);
      };
      chain.on("block", onBlock);
      tell(keys);
      return () => void chain.off("block", onBlock);
    });
  },
  state_unsubscribeStorage: (params, _components, subscriber) => subscriber.unsubscribe(params.text(0)),
  state_call(params, { chain, runtime }) {
    const call = runtimeCalls[params.text(0)];
    if (call === undefined)
      throw new RpcError(4003, `Client error: Execution failed: Exported method ${params.text(0)} is not found`);
    return prefixed(call(params.bytes(1), stateAt(chain, params, 2), runtime));
  },
};

type RuntimeCall = (input: Uint8Array, state: State, runtime: Runtime) => Uint8Array;

/** The runtime interfaces that wallets and polkadot.js ask for. */
const runtimeCalls: Readonly<Record<string, RuntimeCall>> = {
  Core_version: (_input, _state, runtime) => encode(RuntimeVersion, runtimeVersion(runtime.settings.spec)),
  Metadata_metadata: (_input, _state, runtime) => encode(bytes, runtime.metadata),
  Metadata_metadata_versions: () => encode(vec(u32), [METADATA_VERSION]),
  Metadata_metadata_at_version: (input, _state, runtime) =>
    encode(option(bytes), decode(u32, input) === METADATA_VERSION ? runtime.metadata : undefined),
  AccountNonceApi_account_nonce: (input, state, runtime) => encode(u32, runtime.system.nonce(state, toHex(input))),
  TransactionPaymentApi_query_info: (input, _state, runtime) => runtime.payment.info(lengthOf(input)),
  TransactionPaymentApi_query_fee_details: (input, _state, runtime) => runtime.payment.details(lengthOf(input)),
};

/** The input is an extrinsic and then its length, as u32. */
function lengthOf(input: Uint8Array): number {
  if (input.length < 4) throw invalidParams("an extrinsic and its length are wanted");
  return Number(new Reader(input.subarray(-4)).uint(4));
}

function stateAt(chain: Chain, params: Params, index: number): State {
  const block = blockAt(chain, params, index);
  const state = chain.stateOf(block);
  if (state === undefined)
    throw new RpcError(4003, `Client error: UnknownBlock: State already discarded for 0x${block.hash}`);
  return state;
}

function valueAt(state: State, key: string): string | null {
  const value = state.get(key);
  return value === undefined ? null : prefixed(value);
}

function versionOf(runtime: Runtime): unknown {
  const version = runtimeVersion(runtime.settings.spec);
  return { ...version, apis: version.apis.map(([id, number]) => [prefixed(id), number]) };
}
