import { decodeAddress } from "@polkadot/util-crypto";
import { toHex } from "./scale/bytes.js";
import type { Runtime } from "./runtime.js";
import { BlockExecution } from "./execution.js";
import type { Changes, State } from "./state.js";
import { TOKEN } from "./pallets/balances.js";

/** What the first block holds. Applied once, when the folder is empty. */
export interface Genesis {
  /** Free balance of each account (SS58 of any prefix), in the token's smallest units. */
  readonly balances: Readonly<Record<string, bigint>>;
  /** What a GiB of territory costs, in the token's smallest units: for 30 days at spec 100, for one day since spec 133. */
  readonly unitPrice: bigint;
}

export const GENESIS_DEFAULTS: Genesis = { balances: {}, unitPrice: 30n * TOKEN };

const NO_STATE: State = { get: () => undefined, keys: () => [] };

/** The state of block 0. It contains `now`, in ms, so that a new chain has another genesis hash. */
export function genesisState(runtime: Runtime, genesis: Genesis, now: number): Changes {
  const execution = new BlockExecution(runtime, NO_STATE, 0);
  const { context } = execution;
  for (const [address, amount] of Object.entries(genesis.balances)) {
    runtime.balances.mint(context, toHex(decodeAddress(address)), amount);
  }
  runtime.timestamp.now.put(context.state, BigInt(now));
  runtime.storageHandler.unitPrice.put(context.state, genesis.unitPrice);
  return execution.changes;
}
