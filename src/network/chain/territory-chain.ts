import type { CessAccount } from "../../model/account.js";
import type { Fid } from "../../model/hash.js";
import { GIB } from "../../model/sizes.js";
import type { SubmitOptions, Territory } from "./chain.js";

/** The least for which a territory is sold. */
export const MIN_TERRITORY_DAYS = 30;
/** Bytes of a territory's name, in UTF-8. */
export const MAX_TERRITORY_NAME = 63;
/** Operators that one account may authorize. */
export const MAX_OPERATORS = 20;

/** What an account asks of the chain. Each costs a fee, and those that give space or time a price, too. */
export type OwnerCall =
  | { readonly kind: "buy"; readonly territory: string; readonly gib: number; readonly days: number }
  | { readonly kind: "expand"; readonly territory: string; readonly gib: number }
  /** `days`: added to the end, or counted from now where that is over. */
  | { readonly kind: "renew"; readonly territory: string; readonly days: number }
  /** Of an expired territory, whose files are gone. */
  | { readonly kind: "reactivate"; readonly territory: string; readonly days: number }
  /** The first of two calls that buy a territory for another account: whoever executes the order pays it. */
  | ({ readonly kind: "order" } & TerritoryOrder)
  /** The second. `order`: its id, as hex. */
  | { readonly kind: "pay-order"; readonly order: `0x${string}` }
  /** Charges a file to another territory of its owner; no bytes move. */
  | { readonly kind: "move"; readonly owner: CessAccount; readonly fid: Fid; readonly territory: string }
  | { readonly kind: "authorize"; readonly operator: CessAccount }
  | { readonly kind: "revoke"; readonly operator: CessAccount };

/** A territory to be bought for an account by whoever pays. */
export interface TerritoryOrder {
  readonly payee: CessAccount;
  readonly territory: string;
  readonly gib: number;
  readonly days: number;
}

/** What space costs, and how the chain counts. Amounts are in the token's smallest units. */
export interface TerritoryTerms {
  /** For each GiB and day: of buying, expanding and renewing. */
  readonly perGibDay: bigint;
  /** For each GiB and day: of an order for another account, which some runtimes make thirty times dearer. */
  readonly orderPerGibDay: bigint;
  /** For each GiB and day: of reactivating. */
  readonly reactivationPerGibDay: bigint;
  /** False where the runtime leaves a reactivated territory without space for anything. */
  readonly reactivationGivesSpace: boolean;
  /** Bytes that are for sale on the whole network. */
  readonly forSale: bigint;
  /** Blocks that the chain calls a day. */
  readonly dayBlocks: number;
  /** Blocks that a territory stays frozen after its end, until its files are removed. */
  readonly frozenBlocks: number;
  /** The best block. */
  readonly block: number;
  /** Milliseconds from block to block, as the runtime expects them. */
  readonly blockMs: number;
  readonly token: { readonly symbol: string; readonly decimals: number };
  /** An account that pays a price keeps at least this. */
  readonly existentialDeposit: bigint;
}

export interface NamedTerritory extends Territory {
  readonly name: string;
}

/** In the token's smallest units. */
export interface AccountBalance {
  readonly free: bigint;
  /** Set aside by the chain, for instance for deposits. */
  readonly reserved: bigint;
  /** Of the free part, what may not be sent away. */
  readonly frozen: bigint;
}

/** A file in an account's list, which says whose end is the file's end. */
export interface HeldFile {
  readonly fid: Fid;
  readonly territory: string;
}

/** One extrinsic with these calls, not signed. */
export interface CallQuote {
  /** In the token's smallest units, as the runtime reckons for this length. */
  readonly fee: bigint;
  /** The call's bytes, as wallets and polkadot.js take them. */
  readonly hex: string;
  /** The call by its names in the runtime's metadata, for people. */
  readonly readable: unknown;
}

/** What wallets sign, as polkadot.js writes it (SignerPayloadJSON): numbers and bytes as hex. */
export interface WalletPayload {
  readonly address: string;
  readonly method: `0x${string}`;
  readonly era: `0x${string}`;
  readonly blockNumber: `0x${string}`;
  readonly genesisHash: `0x${string}`;
  readonly version: number;
}

/** What the chain says of owners. Every call rejects with ChainUnavailable when no endpoint answers in time. */
export interface TerritoryChain {
  terms(): Promise<TerritoryTerms>;
  /** All territories of an account, by name. */
  territories(owner: CessAccount): Promise<readonly NamedTerritory[]>;
  balance(account: CessAccount): Promise<AccountBalance>;
  /** An order by its id, with its price in the token's smallest units; undefined where there is none. */
  order(id: `0x${string}`): Promise<(TerritoryOrder & { readonly price: bigint }) | undefined>;
  operators(owner: CessAccount): Promise<readonly CessAccount[]>;
  /** At the newest final block. */
  heldFiles(owner: CessAccount): Promise<readonly HeldFile[]>;
  /** Extrinsics of the account that nodes hold or that are in blocks, but not in a final one yet. */
  unsettledExtrinsics(account: CessAccount): Promise<number>;
  /** What one extrinsic of `account` with these calls costs in fees; several are a batch. Nothing is sent. */
  quote(calls: readonly OwnerCall[], account: CessAccount): Promise<CallQuote>;
}

/** Signs for one account. Calls fail as those of `Chain` do: ChainRefusal, FeesUnpaid, ExtrinsicLost, ChainUnavailable. */
export interface OwnerSigner {
  readonly account: CessAccount;
  /** Resolves when the call is in a final block and has succeeded, with the price that was paid, in smallest units. */
  submit(call: OwnerCall, options?: SubmitOptions): Promise<bigint>;
}

/**
 * The price of a call by this runtime's rule; 0 where only the fee is paid. Of an expansion: for the days that are left,
 * begun ones in full. `territory`: the one that is expanded, renewed or reactivated.
 */
export function priceOf(call: OwnerCall, terms: TerritoryTerms, territory?: Territory): bigint {
  const gib = territory === undefined ? 0n : territory.total / BigInt(GIB);
  switch (call.kind) {
    case "buy":
      return BigInt(call.gib) * BigInt(call.days) * terms.perGibDay;
    case "order":
      return BigInt(call.gib) * BigInt(call.days) * terms.orderPerGibDay;
    case "expand": {
      const blocks = Math.max(0, (territory?.deadline ?? 0) - terms.block);
      return BigInt(call.gib) * BigInt(Math.ceil(blocks / terms.dayBlocks)) * terms.perGibDay;
    }
    case "renew":
      return gib * BigInt(call.days) * terms.perGibDay;
    case "reactivate":
      return gib * BigInt(call.days) * terms.reactivationPerGibDay;
    case "pay-order":
    case "move":
    case "authorize":
    case "revoke":
      return 0n;
  }
}
