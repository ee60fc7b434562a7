import { AccountId, Balance, BlockNumber, H256, TerritoryName } from "../cess-types.js";
import { rootCall, unservedCall, type Call } from "../pallet.js";
import { array, bool, boundedText, names, newtype, option, struct, u128, u32, type Value } from "../scale/types.js";

const TerritoryState = names(
  "pallet_storage_handler::types::TerritoryState",
  "Active",
  "Frozen",
  "Expired",
  "OnConsignment",
);
export const TerritoryInfo = struct("pallet_storage_handler::types::TerritoryInfo", {
  token: H256,
  totalSpace: u128,
  usedSpace: u128,
  lockedSpace: u128,
  remainingSpace: u128,
  start: BlockNumber,
  deadline: BlockNumber,
  state: TerritoryState,
});
export type TerritoryValue = Value<typeof TerritoryInfo>;
export const ConsignmentInfo = struct("pallet_storage_handler::types::ConsignmentInfo", {
  user: AccountId,
  price: Balance,
  buyers: option(AccountId),
  exec: option(BlockNumber),
  locked: bool,
});
export const OrderType = names("pallet_storage_handler::types::OrderType", "Buy", "Expansion", "Renewal");
export const OrderInfo = struct("pallet_storage_handler::types::OrderInfo", {
  territoryName: TerritoryName,
  pay: Balance,
  gibCount: u32,
  days: u32,
  expired: BlockNumber,
  targetAcc: AccountId,
  orderType: OrderType,
});
export const OrderId = boundedText(32);
export const PalletId = newtype("frame_support::PalletId", array(8));

export const STORAGE_ERRORS = [
  "BugInvalid",
  "BoundedVecError",
  "InsufficientAvailableSpace",
  "InsufficientBalance",
  "InsufficientStorage",
  "Overflow",
  "WrongOperation",
  "PurchasedSpace",
  "NotPurchasedSpace",
  "LeaseFreeze",
  "LeaseExpired",
  "OrderExpired",
  "RandomErr",
  "NoOrder",
  "ParamError",
  "DuplicateTokens",
  "NotHaveTerritory",
  "NotActive",
  "NotExpire",
  "NotOnConsignment",
  "InsufficientLease",
  "ConsignmentExisted",
  "OnConsignment",
  "StateError",
  "ObjectNotZero",
  "NonExistentConsignment",
  "ConsignmentLocked",
  "ConsignmentUnLocked",
  "Unexpected",
  "NotBuyer",
  "InvalidOrder",
  "OwnConsignment",
  "BoundariesNotMet",
] as const;
export type StorageError = (typeof STORAGE_ERRORS)[number] | "DuplicateName";

export const STORAGE_EVENTS = {
  BuySpace: { acc: AccountId, storageCapacity: u128, spend: Balance },
  ExpansionSpace: { acc: AccountId, expansionSpace: u128, fee: Balance },
  RenewalSpace: { acc: AccountId, renewalDays: u32, fee: Balance },
  LeaseExpired: { acc: AccountId, size: u128 },
  LeaseExpireIn24Hours: { acc: AccountId, size: u128 },
  CreatePayOrder: { orderHash: OrderId },
  PaidOrder: { orderHash: OrderId },
  MintTerritory: { token: H256, name: TerritoryName, storageCapacity: u128, spend: Balance },
  ExpansionTerritory: { name: TerritoryName, expansionSpace: u128, spend: Balance },
  RenewalTerritory: { name: TerritoryName, days: u32, spend: Balance },
  ReactivateTerritory: { name: TerritoryName, days: u32, spend: Balance },
  Consignment: { name: TerritoryName, token: H256, price: Balance },
  BuyConsignment: { name: TerritoryName, token: H256, price: Balance },
  CancleConsignment: { token: H256 },
  CancelPurchaseAction: { token: H256 },
  ExecConsignment: { buyer: AccountId, seller: AccountId, token: H256 },
};

/** The market between accounts, and what is root's alone. */
export const marketCalls: Readonly<Record<string, Call>> = {
  updatePrice: rootCall(4, {}),
  updateUserTerritoryLife: rootCall(5, { user: AccountId, terrName: TerritoryName, deadline: BlockNumber }),
  clearServiceSpace: rootCall(8, {}),
  territoryConsignment: unservedCall(102, { territoryName: TerritoryName, price: Balance }),
  buyConsignment: unservedCall(103, { token: H256, rename: TerritoryName }),
  execConsignment: rootCall(104, { token: H256, territoryName: TerritoryName }),
  cancelConsignment: unservedCall(105, { territoryName: TerritoryName }),
  cancelPurchaseAction: unservedCall(106, { token: H256 }),
  territoryGrants: unservedCall(107, { territoryName: TerritoryName, receiver: AccountId }),
  territoryRename: unservedCall(108, { oldName: TerritoryName, newName: TerritoryName }),
  updateExpiredExec: rootCall(201, { oldBlock: BlockNumber, newBlock: BlockNumber, token: H256 }),
};
