import { AccountId, DispatchError, DispatchInfo, H256, type Spec } from "../cess-types.js";
import { constant, signedCall, type Call, type Context, type Pallet } from "../pallet.js";
import {
  array,
  bytes,
  lazy,
  str,
  struct,
  tuple,
  u128,
  u16,
  u32,
  u8,
  variant,
  vec,
  type Type,
  type Value,
} from "../scale/types.js";
import { PalletStorage } from "../storage.js";
import type { State, WritableState } from "../state.js";

/** Accounts' addresses on this network begin with `c`. */
export const SS58_PREFIX = 11_330;
/** Blocks for which a block's hash is known on chain: an extrinsic's era can not begin before. */
export const BLOCK_HASH_COUNT = 2400;

export const AccountData = struct("pallet_balances::types::AccountData", {
  free: u128,
  reserved: u128,
  frozen: u128,
  flags: u128,
});
export const AccountInfo = struct("frame_system::AccountInfo", {
  nonce: u32,
  consumers: u32,
  providers: u32,
  sufficients: u32,
  data: AccountData,
});
export type AccountInfoValue = Value<typeof AccountInfo>;

const NO_ACCOUNT: AccountInfoValue = {
  nonce: 0,
  consumers: 0,
  providers: 0,
  sufficients: 0,
  data: { free: 0n, reserved: 0n, frozen: 0n, flags: 1n << 127n },
};

/** The runtime interfaces that `state_call` serves, by Substrate's ids. */
const APIS: [Uint8Array, number][] = [
  [Buffer.from("df6acb689907609b", "hex"), 5], // Core
  [Buffer.from("37e397fc7c91f5e4", "hex"), 2], // Metadata
  [Buffer.from("bc9d89904f5b923f", "hex"), 1], // AccountNonceApi
  [Buffer.from("37c8bb1350a9a2a8", "hex"), 4], // TransactionPaymentApi
];

export const RuntimeVersion = struct("sp_version::RuntimeVersion", {
  specName: str,
  implName: str,
  authoringVersion: u32,
  specVersion: u32,
  implVersion: u32,
  apis: vec(tuple(array(8), u32)),
  transactionVersion: u32,
  stateVersion: u8,
});

export function runtimeVersion(spec: Spec): Value<typeof RuntimeVersion> {
  return {
    specName: "cess-node",
    implName: "cess-s3-devnet",
    authoringVersion: 1,
    specVersion: spec,
    implVersion: 0,
    apis: APIS,
    transactionVersion: 1,
    stateVersion: 0,
  };
}

const DigestItem = variant("sp_runtime::generic::digest::DigestItem", {
  PreRuntime: [6, struct("cess_devnet::EngineItem", { engine: array(4), data: bytes })],
  Other: [0, bytes],
});
const Digest = struct("sp_runtime::generic::digest::Digest", { logs: vec(DigestItem) });

/** Accounts, block numbers and hashes, and the outcome of every extrinsic. */
export class System implements Pallet {
  readonly name = "System";
  readonly index = 0;
  readonly storage = new PalletStorage("System");
  readonly account = this.storage.map("Account", AccountId, AccountInfo, NO_ACCOUNT);
  readonly blockHash = this.storage.map("BlockHash", u32, H256, "00".repeat(32), "Twox64Concat");
  readonly number = this.storage.value("Number", u32, 0);
  readonly parentHash = this.storage.value("ParentHash", H256, "00".repeat(32));
  readonly digest = this.storage.value("Digest", Digest, { logs: [] });
  private readonly record: () => Type<unknown>;
  /** The events of this block, in order. */
  readonly recorded = this.storage.value("Events", vec(lazy(() => this.record())), []);
  readonly eventCount = this.storage.value("EventCount", u32, 0);
  readonly events = {
    ExtrinsicSuccess: { dispatchInfo: DispatchInfo },
    ExtrinsicFailed: { dispatchError: DispatchError, dispatchInfo: DispatchInfo },
    CodeUpdated: {},
    NewAccount: { account: AccountId },
    KilledAccount: { account: AccountId },
    Remarked: { sender: AccountId, hash: H256 },
  };
  readonly errors = [
    "InvalidSpecName",
    "SpecVersionNeedsToIncrease",
    "FailedToExtractRuntimeVersion",
    "NonDefaultComposite",
    "NonZeroRefCount",
    "CallFiltered",
    "MultiBlockMigrationsOngoing",
    "NothingAuthorized",
    "Unauthorized",
  ];
  readonly calls: Readonly<Record<string, Call>> = {
    remark: signedCall(0, { remark: bytes }, () => undefined),
  };
  readonly constants;

  /** `eventRecord` is known only when all pallets are: events of every one of them are kept here. */
  constructor(spec: Spec, eventRecord: () => Type<unknown>) {
    this.record = eventRecord;
    this.constants = {
      BlockHashCount: constant(u32, BLOCK_HASH_COUNT),
      Version: constant(RuntimeVersion, runtimeVersion(spec)),
      SS58Prefix: constant(u16, SS58_PREFIX),
    };
  }

  nonce(state: State, account: string): number {
    return this.account.get(state, account).nonce;
  }

  countNonce(state: WritableState, account: string): void {
    const info = this.account.get(state, account);
    this.account.put(state, { ...info, nonce: info.nonce + 1 }, account);
  }

  /** Records the parent block and removes the hash that has become too old. */
  begin(context: Context, parentHash: string): void {
    const { state, block } = context;
    this.number.put(state, block);
    this.parentHash.put(state, parentHash);
    this.blockHash.put(state, parentHash, block - 1);
    if (block > BLOCK_HASH_COUNT) this.blockHash.remove(state, block - 1 - BLOCK_HASH_COUNT);
  }
}
