import { ChainRefusal, ExtrinsicLost, FeesUnpaid } from "./chain.js";
import { MAX_OPERATORS, MIN_TERRITORY_DAYS } from "./territory-chain.js";

const words: Readonly<Record<string, string>> = {
  "storageHandler.BoundariesNotMet": `a territory is sold for ${MIN_TERRITORY_DAYS} days at least`,
  "storageHandler.PurchasedSpace":
    "the account has a territory of this name already: expand or renew that, or take another name",
  "storageHandler.InsufficientBalance": "the account has too few tokens for the price",
  "storageHandler.InsufficientAvailableSpace": "the network has not so much space for sale",
  "storageHandler.InsufficientStorage": "the territory has too little space left",
  "storageHandler.NotHaveTerritory": "the account has no territory of this name",
  "storageHandler.NotActive": "the territory is not active: it has ended, or is offered for sale",
  "storageHandler.StateError":
    "a territory in this state cannot be renewed: an expired one is reactivated, one that is offered for sale is taken off the market first",
  "storageHandler.NotExpire": "only an expired territory is reactivated: renew one that is active or frozen",
  "storageHandler.Overflow":
    "the numbers are too large for the chain, or the territory has less in use than would be given back",
  "storageHandler.NoOrder": "there is no such order any more",
  "storageHandler.OrderExpired": "the order was not paid within its time: try again",
  "fileBank.NoPermission": "the owner has not authorized this account",
  "fileBank.NotOwner": "the account does not own the file",
  "fileBank.NotActive": "the file is not active: the network is making fragments of it anew",
  "fileBank.NonExistent": "there is no such file",
  "oss.NoAuthorization": "the account has authorized nobody",
  "oss.BoundedVecError": `an account authorizes ${MAX_OPERATORS} operators at most: revoke one first`,
  "token.FundsUnavailable": "the account has too few tokens",
  "token.NotExpendable": "the price would leave less than an account must keep: the existential deposit",
  "token.Frozen": "the account's tokens are locked, for instance by staking or a vote",
  "system.CallFiltered": "the chain has paused this call",
};

/** Why an owner's call did not happen, in words; undefined where the error says nothing about that. */
export function failureWords(error: unknown): string | undefined {
  if (error instanceof FeesUnpaid) return "the account has too few tokens to pay the fee; nothing was done";
  if (error instanceof ExtrinsicLost)
    return `the call was never included in a block, and nothing was done (${error.message}): try again`;
  if (!(error instanceof ChainRefusal)) return undefined;
  const name = `${error.section}.${error.reason}`;
  return `the chain refused the call, and its fee is paid: ${words[name] ?? "it gave no reason that is known here"} (${name})`;
}
