import type { CessAccount } from "../../model/account.js";
import { GIB } from "../../model/sizes.js";
import {
  MAX_OPERATORS,
  MIN_TERRITORY_DAYS,
  priceOf,
  type NamedTerritory,
  type OwnerCall,
  type TerritoryChain,
  type TerritoryTerms,
} from "../../network/chain/territory-chain.js";
import { CommandError } from "../command-error.js";
import { bytesText, plainText } from "../text.js";
import { existingTerritory, territoryName } from "./words.js";

/** A call that gives an account space or time in a territory of its own. */
export type SpaceCall = Extract<OwnerCall, { readonly kind: "buy" | "expand" | "renew" | "reactivate" }>;
/** A call about who may store and delete files for an account. */
export type OperatorCall = Extract<OwnerCall, { readonly kind: "authorize" | "revoke" }>;

/** What is to be known of a call before it is signed. */
export interface CallPlan {
  /** In words: `expand the territory photos by 10 GiB until its end`. */
  readonly what: string;
  /** In the token's smallest units. */
  readonly price: bigint;
  readonly terms: TerritoryTerms;
  readonly warnings?: readonly string[];
}

type Asked = Pick<TerritoryChain, "terms" | "territories">;

/** What a call would do, and for how much. Rejects with CommandError where the chain would refuse it, in words. */
export async function planSpace(chain: Asked, account: CessAccount, call: SpaceCall): Promise<CallPlan> {
  territoryName(call.territory);
  if (call.kind === "buy" && call.days < MIN_TERRITORY_DAYS)
    throw new CommandError(`a territory is sold for ${MIN_TERRITORY_DAYS} days at least, not for ${call.days}`);
  const terms = await chain.terms();
  const name = plainText(call.territory);
  switch (call.kind) {
    case "buy": {
      await requireFreeName(chain, account, call.territory);
      requireForSale(call.gib, terms);
      const what = `buy the territory ${name}: ${call.gib} GiB for ${call.days} days`;
      return { what, price: priceOf(call, terms), terms };
    }
    case "expand": {
      const found = await existingTerritory({ chain, account }, call.territory);
      if (found.state !== "active")
        throw new CommandError(
          `the territory ${name} is ${found.state}, and only an active one is expanded` +
            (found.state === "frozen" ? ": cess-s3 territory renew comes first" : ""),
        );
      requireForSale(call.gib, terms);
      const what = `expand the territory ${name} by ${call.gib} GiB until its end`;
      return { what, price: priceOf(call, terms, found), terms };
    }
    case "renew": {
      const found = await existingTerritory({ chain, account }, call.territory);
      requireRenewable(found);
      const from = found.deadline < terms.block ? "counted from now, since it has ended" : "added to its end";
      const what = `renew the territory ${name} by ${call.days} days, ${from}`;
      return { what, price: priceOf(call, terms, found), terms };
    }
    case "reactivate": {
      const found = await existingTerritory({ chain, account }, call.territory);
      if (found.state !== "expired")
        throw new CommandError(
          `the territory ${name} is ${found.state}, and only an expired one is reactivated` +
            (found.state === "on-consignment" ? "" : ": cess-s3 territory renew adds days"),
        );
      const what = `reactivate the territory ${name} for ${call.days} days; its files are gone`;
      const warnings = terms.reactivationGivesSpace ? [] : [NO_SPACE];
      return { what, price: priceOf(call, terms, found), terms, warnings };
    }
  }
}

const NO_SPACE = "this runtime gives a reactivated territory no free space: buy another one, or expand it afterwards";

/** The same of an authorization, for which only the fee is paid. Rejects with CommandError where it would change nothing. */
export async function planOperator(
  chain: Pick<TerritoryChain, "terms" | "operators">,
  account: CessAccount,
  { kind, operator }: OperatorCall,
): Promise<CallPlan> {
  const [terms, operators] = await Promise.all([chain.terms(), chain.operators(account)]);
  if (kind === "revoke") {
    if (!operators.includes(operator))
      throw new CommandError(
        `${account} has not authorized ${operator}: nothing would change; ${operatorsText(operators)}`,
      );
    const what = `take the authorization of ${operator} back; its gateway can store and delete nothing more for this account`;
    return { what, price: 0n, terms };
  }
  if (operator === account)
    throw new CommandError(`${account} acts for itself without an authorization: nothing would change`);
  if (operators.includes(operator))
    throw new CommandError(`${account} has authorized ${operator} already: nothing would change`);
  if (operators.length >= MAX_OPERATORS)
    throw new CommandError(
      `${account} has authorized ${operators.length} operators, and more are not allowed: cess-s3 revoke one first`,
    );
  const what = `authorize ${operator} to store and delete files for this account, in all its territories`;
  return { what, price: 0n, terms };
}

export function operatorsText(operators: readonly string[]): string {
  return operators.length === 0 ? "it has authorized nobody" : `it has authorized ${operators.join(", ")}`;
}

/** Rejects with CommandError where the account has a territory of this name. */
export async function requireFreeName(
  chain: Pick<Asked, "territories">,
  account: CessAccount,
  name: string,
): Promise<void> {
  const owned = await chain.territories(account);
  if (owned.some((each) => each.name === name))
    throw new CommandError(
      `${account} has a territory named ${plainText(name)} already: take another name, or cess-s3 territory expand or renew`,
    );
}

/** Throws CommandError. */
export function requireForSale(gib: number, { forSale }: TerritoryTerms): void {
  if (BigInt(gib) * BigInt(GIB) > forSale)
    throw new CommandError(`the network has ${bytesText(Number(forSale))} for sale, not ${gib} GiB`);
}

const INSTEAD: Readonly<Record<string, string>> = {
  expired: "its files are gone; cess-s3 territory reactivate gets the space back",
  "on-consignment": "it is offered for sale; take it off the market first",
};

function requireRenewable({ name, state }: NamedTerritory): void {
  const instead = INSTEAD[state];
  if (instead !== undefined)
    throw new CommandError(`the territory ${plainText(name)} is ${state} and cannot be renewed: ${instead}`);
}
