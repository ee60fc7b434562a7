import {
  array,
  bounded,
  boundedText,
  compact,
  fixedHex,
  mapped,
  names,
  newtype,
  struct,
  u128,
  u32,
  u64,
  u8,
  variant,
  bytes,
  fromLatin1,
  toLatin1,
  type Value,
} from "./scale/types.js";

/**
 * The runtimes whose shapes and rules are followed. 100: the testnet's genesis runtime; 133: the head of its source; 136:
 * the branch for the second testnet, with 133's shapes and a few rules of its own.
 */
export const SPECS = [100, 133, 136] as const;
export type Spec = (typeof SPECS)[number];

/** An account's public key, as 64 hex digits. */
export const AccountId = newtype("sp_core::crypto::AccountId32", fixedHex(32));
export const H256 = newtype("primitive_types::H256", fixedHex(32));
/** CESS's hash: 64 bytes that are meant to be the ASCII of hex digits; nothing checks that they are. */
export const Hash = newtype("cp_cess_common::Hash", mapped(array(64), fromLatin1, toLatin1));
export const Balance = u128;
export const BlockNumber = u32;

export const NAME_LIMIT = 63;
export const TerritoryName = boundedText(NAME_LIMIT);
export const FileName = boundedText(NAME_LIMIT);
/** 38 bytes, filled with NUL: where spec 100 keeps addresses. */
export const PeerId = array(38);
/** The storage nodes' address since spec 133. */
export const EndPoint = boundedText(100);

/** Addresses of a call: only accounts are served, the other forms decode and fail as CannotLookup. */
export const MultiAddress = variant(
  "sp_runtime::multiaddress::MultiAddress",
  {
    Id: [0, AccountId],
    Index: [1, compact(u32)],
    Raw: [2, bytes],
    Address32: [3, fixedHex(32)],
    Address20: [4, fixedHex(20)],
  },
  [AccountId, u32],
);

export const MultiSignature = variant("sp_runtime::MultiSignature", {
  Ed25519: [0, newtype("sp_core::ed25519::Signature", array(64))],
  Sr25519: [1, newtype("sp_core::sr25519::Signature", array(64))],
  Ecdsa: [2, newtype("sp_core::ecdsa::Signature", array(65))],
});

export const TokenError = names(
  "sp_runtime::TokenError",
  "FundsUnavailable",
  "OnlyProvider",
  "BelowMinimum",
  "CannotCreate",
  "UnknownAsset",
  "Frozen",
  "Unsupported",
  "CannotCreateHold",
  "NotExpendable",
  "Blocked",
);
export const ArithmeticError = names("sp_arithmetic::ArithmeticError", "Underflow", "Overflow", "DivisionByZero");

export const DispatchError = variant("sp_runtime::DispatchError", {
  Other: [0],
  CannotLookup: [1],
  BadOrigin: [2],
  Module: [3, struct("sp_runtime::ModuleError", { index: u8, error: array(4) })],
  ConsumerRemaining: [4],
  NoProviders: [5],
  TooManyConsumers: [6],
  Token: [7, TokenError],
  Arithmetic: [8, ArithmeticError],
  Transactional: [9, names("sp_runtime::TransactionalError", "LimitReached", "NoLayer")],
  Exhausted: [10],
  Corruption: [11],
  Unavailable: [12],
  RootNotAllowed: [13],
});
export type DispatchErrorValue = Value<typeof DispatchError>;

export const Weight = struct("sp_weights::weight_v2::Weight", { refTime: compact(u64), proofSize: compact(u64) });
export const DispatchInfo = struct("frame_support::dispatch::DispatchInfo", {
  weight: Weight,
  class: names("frame_support::dispatch::DispatchClass", "Normal", "Operational", "Mandatory"),
  paysFee: names("frame_support::dispatch::Pays", "Yes", "No"),
});

export const Phase = variant("frame_system::Phase", {
  ApplyExtrinsic: [0, u32],
  Finalization: [1],
  Initialization: [2],
});

/** What a signature of an operator's proxy authorization covers. */
export const ProxyAuthPayload = struct("pallet_oss::types::ProxyAuthPayload", { oss: AccountId, exp: BlockNumber });

/** Tee signatures and keys: carried by calls that the dev chain knows but does not serve. */
export const TeeSignature = boundedText(64);
export const WorkerPublicKey = fixedHex(32);
export const PoisKey = struct("cp_cess_common::PoISKey", { g: array(256), n: array(256) });
export const SpaceProofInfo = struct("cp_cess_common::SpaceProofInfo", {
  miner: AccountId,
  front: u64,
  rear: u64,
  poisKey: PoisKey,
  accumulator: array(256),
});
export const DigestInfo = struct("pallet_file_bank::types::DigestInfo", { fragment: Hash, teePuk: WorkerPublicKey });
export const TagSigInfo = struct("pallet_file_bank::types::TagSigInfo", {
  miner: AccountId,
  digest: bounded(DigestInfo, 1000),
  fileHash: Hash,
});
