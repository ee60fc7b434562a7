import type { CessAccount } from "../../model/account.js";
import type { NamedTerritory, TerritoryTerms } from "../../network/chain/territory-chain.js";
import { MAX_TERRITORY_NAME } from "../../network/chain/territory-chain.js";
import type { TerritoryView } from "../admin-answers.js";
import { CommandError } from "../command-error.js";
import { bytesText, durationText, plainText } from "../text.js";
import type { Wallet } from "./wallet.js";

/** The largest number that the chain takes for GiB and days. */
const MAX_U32 = 2 ** 32 - 1;

/** When a block comes, by the runtime's block time: ms since 1970. */
export function blockTime(block: number, terms: TerritoryTerms, now = Date.now()): number {
  return now + (block - terms.block) * terms.blockMs;
}

/** `block 432012, 2027-01-28, in 29 d 23 h` */
export function endText({ deadline }: { readonly deadline: number }, terms: TerritoryTerms, now = Date.now()): string {
  const at = blockTime(deadline, terms, now);
  const distance = durationText(Math.abs(at - now) / 1000);
  return `block ${deadline}, ${dateText(at)}, ${at < now ? `${distance} ago` : `in ${distance}`}`;
}

/** `photos: active, 9.9 GiB of 10.0 GiB left, ends at block …` */
export function territoryText(found: NamedTerritory, terms: TerritoryTerms): string {
  return (
    `${plainText(found.name)} is ${found.state}, has ${bytesText(Number(found.remaining))} of ` +
    `${bytesText(Number(found.total))} left and ends at ${endText(found, terms)}`
  );
}

/** A territory for programs. */
export function territoryView(
  { name, state, total, used, locked, remaining, deadline }: NamedTerritory,
  terms: TerritoryTerms,
): TerritoryView {
  return {
    name,
    state,
    totalBytes: Number(total),
    usedBytes: Number(used),
    lockedBytes: Number(locked),
    leftBytes: Number(remaining),
    endBlock: deadline,
    ends: new Date(blockTime(deadline, terms)).toISOString(),
    daysLeft: Math.max(0, (deadline - terms.block) / terms.dayBlocks),
  };
}

/** A whole number of the command line. Throws CommandError. */
export function countArgument(option: string, text: string): number {
  const count = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (count >= 1 && count <= MAX_U32) return count;
  throw new CommandError(`${option} must be a whole number from 1: it is ${text}`);
}

/** Throws CommandError. */
export function territoryName(name: string): string {
  const bytes = Buffer.byteLength(name);
  if (bytes >= 1 && bytes <= MAX_TERRITORY_NAME) return name;
  throw new CommandError(`a territory's name has 1 to ${MAX_TERRITORY_NAME} bytes: this one has ${bytes}`);
}

/** The account's territory of this name. Rejects with CommandError, which says what there is. */
export async function existingTerritory(
  wallet: { readonly chain: Pick<Wallet["chain"], "territories">; readonly account: CessAccount },
  name: string,
  owner: CessAccount = wallet.account,
): Promise<NamedTerritory> {
  const all = await wallet.chain.territories(owner);
  const found = all.find((each) => each.name === name);
  if (found !== undefined) return found;
  const others = all.length === 0 ? "it has none" : `it has ${all.map((each) => plainText(each.name)).join(", ")}`;
  throw new CommandError(`the account ${owner} has no territory named ${name}: ${others}`);
}

/** What the chain says of a territory now, for the end of a command. */
export async function stateOf(wallet: Wallet, name: string, owner?: CessAccount): Promise<string> {
  return territoryText(await existingTerritory(wallet, name, owner), await wallet.chain.terms());
}

function dateText(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime())
    ? "out of the calendar"
    : date.toISOString().slice(0, 16).replace("T", " ") + " UTC";
}
