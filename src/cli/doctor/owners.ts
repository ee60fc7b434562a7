import type { Account } from "../../model/account.js";
import type { Territory } from "../../network/chain/chain.js";
import type { CessAccount } from "../../model/account.js";
import { failure, ok, warning, type Finding } from "./finding.js";

const DAY_MS = 86_400_000;
const GIB = 2n ** 30n;
/** A territory that ends sooner should be renewed now, ms. */
const SOON_MS = 14 * DAY_MS;
/** One segment of 32 MiB needs this much. */
const SMALLEST_OBJECT = 96n * 2n ** 20n;
/** Tokens that do not pay for a few orders, which cost a fraction of one each, and for those of some days. */
const LEAST_TOKENS = 1;
const FEW_TOKENS = 10;

/** What is asked of the chain about owners and the gateway's own account. */
export interface OwnersChain {
  readonly account: CessAccount;
  authorized(owner: CessAccount): Promise<boolean>;
  territory(owner: CessAccount, name: string): Promise<Territory | undefined>;
  finalizedBlock(): Promise<number>;
}

type Owner = Pick<Account, "displayName" | "cessAccount" | "territory">;

/** Whether each owner has authorized the gateway, and whether its territory can take objects, and until when. */
export async function owners(chain: OwnersChain, accounts: readonly Owner[], blockMs: number): Promise<Finding[]> {
  const found = await Promise.all([
    Promise.all(
      accounts.map(async (owner) => authorization(chain.account, owner, await chain.authorized(owner.cessAccount))),
    ),
    territories(chain, accounts, blockMs),
  ]);
  return found.flat();
}

/** Whether each owner's territory can take objects, and until when. */
export async function territories(
  chain: Pick<OwnersChain, "territory" | "finalizedBlock">,
  accounts: readonly Owner[],
  blockMs: number,
): Promise<Finding[]> {
  const block = await chain.finalizedBlock();
  return Promise.all(
    accounts.map(async (owner) =>
      territoryOf(owner, await chain.territory(owner.cessAccount, owner.territory), block, blockMs),
    ),
  );
}

function authorization(gateway: CessAccount, { displayName, cessAccount }: Owner, authorized: boolean): Finding {
  if (authorized) return ok("authorization", `${displayName} lets this gateway act for it`);
  return failure(
    "authorization",
    `${displayName} (${cessAccount}) has not authorized this gateway's account ${gateway}`,
    `the owner calls oss.authorize with ${gateway}, by cess-s3 authorize for instance; is this the right signing account?`,
  );
}

function territoryOf(owner: Owner, found: Territory | undefined, block: number, blockMs: number): Finding {
  const check = "territory";
  const name = `${owner.displayName}'s territory ${owner.territory}`;
  if (found === undefined)
    return failure(
      check,
      `${owner.displayName} (${owner.cessAccount}) has no territory named ${owner.territory}`,
      "buy it (cess-s3 territory buy, storageHandler.mintTerritory), or correct territory of the account",
    );
  if (found.state === "on-consignment")
    return failure(check, `${name} is offered for sale`, "cancel the offer, or name another territory");
  if (found.state !== "active")
    return failure(
      check,
      `${name} has ended: it is ${found.state}`,
      "renew it (cess-s3 territory renew, storageHandler.renewalTerritory) before its files are deleted",
    );
  const leftMs = (found.deadline - block) * blockMs;
  const until = `${name} has ${inGib(found.remaining)} of ${inGib(found.total)} GiB left and ends in ${days(leftMs)}`;
  if (leftMs < SOON_MS)
    return warning(
      check,
      until,
      "renew it (cess-s3 territory renew, storageHandler.renewalTerritory): its files are deleted some days after its end",
    );
  if (found.remaining < SMALLEST_OBJECT)
    return warning(
      check,
      `${until}: too little for any object`,
      "expand it (cess-s3 territory expand, storageHandler.expandingTerritory), or delete objects",
    );
  return ok(check, until);
}

/** Whether the signing account can pay for its extrinsics. */
export function balance(account: CessAccount, tokens: number): Finding {
  const check = "fee balance";
  const what = `the signing account ${account} has ${tokens.toFixed(2)} tokens`;
  const remedy = `send tokens to ${account}: every order pays a fee`;
  if (tokens < LEAST_TOKENS) return failure(check, `${what}, which pay for nothing`, remedy);
  return tokens < FEW_TOKENS ? warning(check, what, remedy) : ok(check, what);
}

const inGib = (bytes: bigint) => (Number((bytes * 10n) / GIB) / 10).toFixed(1);

function days(ms: number): string {
  const count = Math.floor(ms / DAY_MS);
  return count === 1 ? "1 day" : `${Math.max(0, count)} days`;
}
