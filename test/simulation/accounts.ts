import type { Account, CessAccount } from "../../src/model/account.js";

/** Two owners, and one who shares the first one's account on the chain. */
export const ACCOUNTS: readonly Account[] = [
  account("alice", "a"),
  account("bob", "b"),
  { ...account("alice", "c"), displayName: "twin" },
];

/**
 * Those who put objects in a run. Where the disk rots, one: a deal whose staged bytes rotted stays pending until its owner
 * puts them again, and another owner of the same bytes would wait.
 */
export function drawAccounts(random: () => number, rots: boolean): readonly Account[] {
  const drawn = random() < 0.25 ? ACCOUNTS : ACCOUNTS.slice(0, random() < 0.5 ? 1 : 2);
  return rots ? drawn.slice(0, 1) : drawn;
}

function account(displayName: string, digit: string): Account {
  return { id: digit.repeat(64), displayName, cessAccount: `cX${displayName}` as CessAccount, territory: "home" };
}
