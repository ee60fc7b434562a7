import { AccountId, BlockNumber, FileName, Hash, TerritoryName, type Spec } from "../cess-types.js";
import { bool, bounded, names, option, struct, u128, u32, u8, type Type, type Value } from "../scale/types.js";

export const FRAGMENT_COUNT = 12;
export const SEGMENT_LIMIT = 1000;
export const OWNER_LIMIT = 50_000;
export const USER_FILE_LIMIT = 500_000;
export const BUCKET_LIMIT = 1000;

const path = (name: string): string => `pallet_file_bank::types::${name}`;

export const SegmentList = struct(path("SegmentList"), { hash: Hash, fragmentList: bounded(Hash, FRAGMENT_COUNT) });
export const DealSegments = bounded(SegmentList, SEGMENT_LIMIT);

/** Whose file it is, and where it is charged. Spec 100 has a bucket name in it, later ones have none (here then empty). */
export interface UserBriefValue {
  user: string;
  fileName: string;
  bucketName: string;
  territoryName: string;
}

function userBrief(spec: Spec): Type<UserBriefValue> {
  const with100 = struct(path("UserBrief"), {
    user: AccountId,
    fileName: FileName,
    bucketName: FileName,
    territoryName: TerritoryName,
  });
  if (spec === 100) return with100;
  const with133 = struct(path("UserBrief"), { user: AccountId, fileName: FileName, territoryName: TerritoryName });
  return { ...with133, read: (from) => ({ ...with133.read(from), bucketName: "" }) };
}

const CompleteInfo = struct(path("CompleteInfo"), { index: u8, miner: AccountId });
const FragmentInfo = struct(path("FragmentInfo"), {
  hash: Hash,
  avail: bool,
  tag: option(BlockNumber),
  miner: AccountId,
});
const SegmentInfo = struct(path("SegmentInfo"), { hash: Hash, fragmentList: bounded(FragmentInfo, FRAGMENT_COUNT) });
const FileState = names(path("FileState"), "Active", "Calculate", "Missing", "Recovery");

export const UserFileSliceInfo = struct(path("UserFileSliceInfo"), {
  territoryName: TerritoryName,
  fileHash: Hash,
  fileSize: u128,
});
export const BucketInfo = struct(path("BucketInfo"), {
  objectList: bounded(Hash, USER_FILE_LIMIT),
  authority: bounded(AccountId, 1032),
});
export const RestoralOrderInfo = struct(path("RestoralOrderInfo"), {
  count: u32,
  miner: AccountId,
  originMiner: AccountId,
  fragmentHash: Hash,
  fileHash: Hash,
  genBlock: BlockNumber,
  deadline: BlockNumber,
});

/** The types whose shape depends on the runtime. */
export function fileBankTypes(spec: Spec) {
  const UserBrief = userBrief(spec);
  const DealInfo = struct(path("DealInfo"), {
    fileSize: u128,
    segmentList: DealSegments,
    user: UserBrief,
    completeList: bounded(CompleteInfo, FRAGMENT_COUNT),
  });
  const FileInfo = struct(path("FileInfo"), {
    segmentList: bounded(SegmentInfo, SEGMENT_LIMIT),
    owner: bounded(UserBrief, OWNER_LIMIT),
    fileSize: u128,
    completion: BlockNumber,
    stat: FileState,
  });
  return { UserBrief, DealInfo, FileInfo };
}

export type DealValue = Value<ReturnType<typeof fileBankTypes>["DealInfo"]>;
export type FileValue = Value<ReturnType<typeof fileBankTypes>["FileInfo"]>;
export type SliceValue = Value<typeof UserFileSliceInfo>;
