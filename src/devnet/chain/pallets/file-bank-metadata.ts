import {
  AccountId,
  Hash,
  NAME_LIMIT,
  SpaceProofInfo,
  TagSigInfo,
  TeeSignature,
  TerritoryName,
  WorkerPublicKey,
  type Spec,
} from "../cess-types.js";
import { constant, rootCall, unservedCall, type Call, type Constant } from "../pallet.js";
import { array, bytes, newtype, u128, u32, vec, type Fields } from "../scale/types.js";
import { BUCKET_LIMIT, FRAGMENT_COUNT, OWNER_LIMIT, SEGMENT_LIMIT, USER_FILE_LIMIT } from "./file-bank-types.js";

export const NAME_MIN = 3;

export const FILE_BANK_ERRORS = [
  "Existed",
  "FileExistent",
  "FileNonExistent",
  "Overflow",
  "NotOwner",
  "ScheduleNonExistent",
  "BoundedVecError",
  "StorageLimitReached",
  "MinerPowerInsufficient",
  "NotEmpty",
  "Locked",
  "LengthExceedsLimit",
  "BugInvalid",
  "ConvertHashError",
  "NoPermission",
  "SameBucketName",
  "NonExistent",
  "Unexpected",
  "LessMinLength",
  "Unprepared",
  "IsOwned",
  "SpecError",
  "PanicOverflow",
  "InsufficientAvailableSpace",
  "Calculate",
  "MinerStateError",
  "Expired",
  "VerifyTeeSigFailed",
  "TeeNoPermission",
  "DigestError",
  "MalformedSignature",
  "MinerError",
  "RulesNotAllowed",
  "NotActive",
];

export function fileBankEvents(spec: Spec): Record<string, Fields> {
  const bucket = { operator: AccountId, owner: AccountId, bucketName: bytes };
  return {
    UploadDeclaration: { operator: AccountId, owner: AccountId, dealHash: Hash },
    TransferReport: { acc: AccountId, dealHash: Hash },
    DeleteFile: { operator: AccountId, owner: AccountId, fileHash: Hash },
    ReplaceFiller: { acc: AccountId, fillerList: vec(Hash) },
    IdleSpaceCert: { acc: AccountId, space: u128 },
    ReplaceIdleSpace: { acc: AccountId, space: u128 },
    ...(spec === 100 && { CreateBucket: bucket, DeleteBucket: bucket }),
    GenerateRestoralOrder: { miner: AccountId, fragmentHash: Hash },
    ClaimRestoralOrder: { miner: AccountId, orderId: Hash },
    RecoveryCompleted: { miner: AccountId, orderId: Hash },
    StorageCompleted: { fileHash: Hash },
    CalculateReport: { miner: AccountId, fileHash: Hash },
    TerritoryFileDelivery: { fileHash: Hash, newTerritory: TerritoryName },
  };
}

export function fileBankConstants(spec: Spec, dayBlocks: number): Record<string, Constant> {
  return {
    FilbakPalletId: constant(newtype("frame_support::PalletId", array(8)), Uint8Array.from(Buffer.from("rewardpt"))),
    UserFileLimit: constant(u32, USER_FILE_LIMIT),
    OneDay: constant(u32, dayBlocks),
    NameStrLimit: constant(u32, NAME_LIMIT),
    ...(spec === 100 && { BucketLimit: constant(u32, BUCKET_LIMIT) }),
    NameMinLength: constant(u32, NAME_MIN),
    SegmentCount: constant(u32, SEGMENT_LIMIT),
    FragmentCount: constant(u32, FRAGMENT_COUNT),
    OwnerLimit: constant(u32, OWNER_LIMIT),
    RestoralOrderLife: constant(u32, 250),
    MissionCount: constant(u32, 12_000),
  };
}

/** What needs a TEE's signature, and the network's own repair. */
const spaceProof = {
  idleSigInfo: SpaceProofInfo,
  teeSigNeedVerify: TeeSignature,
  teeSig: TeeSignature,
  teePuk: WorkerPublicKey,
};
export const unservedFileBankCalls: Readonly<Record<string, Call>> = {
  calculateReport: unservedCall(1, { teeSig: TeeSignature, tagSigInfo: TagSigInfo }),
  replaceIdleSpace: unservedCall(5, spaceProof),
  certIdleSpace: unservedCall(8, spaceProof),
  generateRestoralOrder: unservedCall(13, { fileHash: Hash, restoralFragment: Hash }),
  claimRestoralOrder: unservedCall(14, { restoralFragment: Hash }),
  claimRestoralNoexistOrder: unservedCall(15, { miner: AccountId, fileHash: Hash, restoralFragment: Hash }),
  restoralOrderComplete: unservedCall(16, { fragmentHash: Hash }),
  rootClearFile: rootCall(22, { owner: AccountId, fileHash: Hash }),
};
