import {
  AccountId,
  Balance,
  BlockNumber,
  EndPoint,
  PeerId,
  PoisKey,
  SpaceProofInfo,
  TeeSignature,
  WorkerPublicKey,
  type Spec,
} from "../cess-types.js";
import { rootCall, unservedCall, type Call } from "../pallet.js";
import {
  array,
  bool,
  bounded,
  boundedText,
  fromLatin1,
  mapped,
  option,
  struct,
  toLatin1,
  tuple,
  u128,
  u32,
  u64,
  u8,
  type Type,
  type Value,
} from "../scale/types.js";

export const ITEM_LIMIT = 200_000;
export const RELEASE_NUMBER = 90;

/** 256 words, kept as their bytes: nothing is looked up in it here. */
const BloomFilter: Type<Uint8Array> = {
  ...array(2048),
  shape: {
    kind: "composite",
    path: "cp_bloom_filter::BloomFilter",
    params: [],
    fields: [{ type: { ...array(2048), shape: { kind: "array", of: u64, length: 256 } } }],
  },
};
const RewardOrder = struct("pallet_sminer::types::RewardOrder", {
  receiveCount: u8,
  maxCount: u8,
  atonce: bool,
  orderReward: Balance,
  eachAmount: Balance,
  lastReceiveBlock: BlockNumber,
});
export const Reward = struct("pallet_sminer::types::Reward", {
  totalReward: Balance,
  rewardIssued: Balance,
  orderList: bounded(RewardOrder, RELEASE_NUMBER),
});
export const RestoralTargetInfo = struct("pallet_sminer::types::RestoralTargetInfo", {
  miner: AccountId,
  serviceSpace: u128,
  restoredSpace: u128,
  coolingBlock: BlockNumber,
});
export const CompleteInfo = struct("pallet_sminer::types::CompleteInfo", { minerCount: u32, totalPower: u128 });
export const MinerCompleteInfo = struct("pallet_sminer::types::MinerCompleteInfo", {
  eraIndex: u32,
  issued: bool,
  finshBlock: BlockNumber,
  power: u128,
});
export const FaucetRecord = struct("pallet_sminer::types::FaucetRecord", { lastClaimTime: BlockNumber });
export const Expenders = tuple<[bigint, bigint, bigint]>(u64, u64, u64);

const minerFields = {
  collaterals: Balance,
  debt: Balance,
  state: boundedText(ITEM_LIMIT),
  declarationSpace: u128,
  idleSpace: u128,
  serviceSpace: u128,
  lockSpace: u128,
  spaceProofInfo: option(SpaceProofInfo),
  serviceBloomFilter: BloomFilter,
  teeSignature: array(64),
};
/** The address is bytes as text in both: 38 of them filled with NUL at spec 100, at most 100 since 133. */
export const AddressOf = { 100: mapped(PeerId, fromLatin1, toLatin1), 133: EndPoint, 136: EndPoint } as const;
const minerPath = "pallet_sminer::types::MinerInfo";
const accounts = { beneficiary: AccountId, stakingAccount: AccountId };

/** One value in memory for both shapes; on chain the address is called `peer_id` at spec 100. */
export function minerInfo(spec: Spec) {
  const later = struct(minerPath, { ...accounts, endpoint: AddressOf[spec], ...minerFields });
  const shape = struct(minerPath, { ...accounts, peerId: AddressOf[spec], ...minerFields }).shape;
  return spec !== 100 ? later : { ...later, shape };
}
export type MinerValue = Value<ReturnType<typeof minerInfo>>;

export const MINER_ERRORS = [
  "NotMiner",
  "AlreadyRegistered",
  "Overflow",
  "NotExisted",
  "LessThan24Hours",
  "ConversionError",
  "AlreadyFrozen",
  "NotpositiveState",
  "StorageLimitReached",
  "BoundedVecError",
  "DataNotExist",
  "Unexpected",
  "VerifyTeeSigFailed",
  "CountError",
  "StateError",
  "BloomElemPushError",
  "CollateralNotUp",
  "NotStakingAcc",
  "BugInvalid",
  "InsufficientStakingPeriod",
  "ExceedingDeclarationSpace",
  "InsufficientReplaceable",
  "MalformedSignature",
  "NotSetWhite",
  "WrongOrigin",
  "ExceedRelease",
] as const;
export type MinerError = (typeof MINER_ERRORS)[number] | "UnableReduceDeclaration";

export function minerEvents(spec: Spec) {
  const address = AddressOf[spec];
  const addressEvent = { acc: AccountId, old: address, new: address };
  return {
    Registered: { acc: AccountId },
    RegisterPoisKey: { miner: AccountId },
    DrawFaucetMoney: {},
    FaucetTopUpMoney: { acc: AccountId },
    LessThan24Hours: { last: BlockNumber, now: BlockNumber },
    AlreadyFrozen: { acc: AccountId },
    IncreaseCollateral: { acc: AccountId, balance: Balance },
    Deposit: { balance: Balance },
    UpdateBeneficiary: { acc: AccountId, new: AccountId },
    [spec !== 100 ? "UpdateEndPoint" : "UpdatePeerId"]: addressEvent,
    Receive: { acc: AccountId, reward: Balance },
    MinerExitPrep: { miner: AccountId },
    Withdraw: { acc: AccountId },
    IncreaseDeclarationSpace: { miner: AccountId, space: u128 },
    ...(spec !== 100 && { DecreaseDeclarationSpace: { miner: AccountId, space: u128 } }),
  };
}

/** Rewards, faucet, exit and proofs. */
export function unservedMinerCalls(spec: Spec): Record<string, Call> {
  const address = spec !== 100 ? { endpoint: AddressOf[spec] } : { peerId: AddressOf[spec] };
  return {
    ...(spec !== 100 && { decreaseDeclarationSpace: unservedCall(4, { tibCount: u32 }) }),
    receiveReward: unservedCall(6, {}),
    minerExitPrep: unservedCall(7, { miner: AccountId }),
    minerExit: rootCall(8, { miner: AccountId }),
    minerWithdraw: unservedCall(9, {}),
    faucetTopUp: unservedCall(13, { award: Balance }),
    faucet: unservedCall(14, { to: AccountId }),
    updateExpender: rootCall(15, { k: u64, n: u64, d: u64 }),
    registerPoisKey: unservedCall(16, {
      poisKey: PoisKey,
      teeSigNeedVerify: TeeSignature,
      teeSig: TeeSignature,
      teePuk: WorkerPublicKey,
    }),
    regnstkAssignStaking: unservedCall(17, {
      beneficiary: AccountId,
      ...address,
      stakingAccount: AccountId,
      tibCount: u32,
    }),
    clearMinerService: rootCall(19, { miner: AccountId }),
    setFacuetWhitelist: rootCall(20, { acc: AccountId }),
  };
}
