import type { Wallet } from "./wallet.js";
import { noAccount } from "./wallet.js";
import { confirmed } from "./ask.js";
import { tokensText } from "./tokens.js";
import { CommandError } from "../command-error.js";
import { Progress } from "../progress.js";
import { tableText } from "../text.js";
import { ChainUnavailable } from "../../network/chain/chain.js";
import { OwnerClient } from "../../network/chain/owner-client.js";
import { failureWords } from "../../network/chain/refusal-words.js";
import type { CallQuote, OwnerCall, TerritoryTerms } from "../../network/chain/territory-chain.js";

export interface SigningOptions {
  /** Signs without asking. */
  readonly yes?: boolean;
  /** Prints the call for a wallet that is elsewhere, and signs nothing. */
  readonly print?: boolean;
}

/** What is to be signed, in words. */
export interface Act {
  /** `buy the territory photos: 10 GiB for 60 days` */
  readonly what: string;
  readonly calls: readonly OwnerCall[];
  /** In the token's smallest units; 0 where only the fee is paid. */
  readonly price: bigint;
  /** What must be known before it is signed. */
  readonly warnings?: readonly string[];
}

/** Signs, and tells what is on chain then. Resolves with what was paid beside the fee, in the token's smallest units. */
export type Sign = (client: OwnerClient, onStep: (step: string) => void) => Promise<bigint>;

/** The longest that is waited for extrinsics of the account that are under way, ms. */
const SETTLE_MS = 120_000;
/** Without a final block it is looked again after this, ms. */
const LOOK_MS = 10_000;

/**
 * Shows what an act costs, asks, signs, and waits until it is final. `done` then reads what is on chain and tells it. With
 * `print` the calls are printed instead. Rejects with CommandError, in words.
 */
export async function perform(
  wallet: Wallet,
  terms: TerritoryTerms,
  act: Act,
  { yes = false, print = false }: SigningOptions,
  done: () => Promise<string>,
  sign: Sign = (client, onStep) => signOne(act, client, onStep),
): Promise<void> {
  const { chain, account, signer } = wallet;
  const quotes = await Promise.all(inBatches(act.calls).map((calls) => chain.quote(calls, account)));
  const fee = quotes.reduce((sum, each) => sum + each.fee, 0n);
  const { free } = await chain.balance(account);
  console.log(costText(act, account, { price: act.price, fee, free }, terms));
  for (const warning of act.warnings ?? []) console.log(`\nNote: ${warning}`);
  if (print) {
    for (const quote of quotes) console.log(`\n${callText(quote, wallet.endpoint)}`);
    return;
  }
  if (signer === undefined) throw noAccount();
  requireTokens(act.price, fee, free, terms);
  if (!(await confirmed(yes))) throw new CommandError("nothing was signed");
  const client = new OwnerClient({ session: wallet.session, signer });
  const progress = new Progress();
  const stop = wallet.session.blocks.watch({
    onBlock: ({ number }) => {
      progress.show(() => `block ${number} is final; waiting for the call's`);
      return Promise.resolve();
    },
    onGap: () => Promise.resolve(),
  });
  try {
    const paid = await sign(client, (step) => {
      progress.end();
      console.error(step);
    });
    progress.end();
    console.log(`done${act.price === 0n ? "" : `, for ${tokensText(paid, terms.token)}`}: ${await done()}`);
  } catch (error) {
    progress.end();
    const why = failureWords(error);
    if (why !== undefined) throw new CommandError(why, { cause: error });
    if (error instanceof ChainUnavailable)
      throw new CommandError(`${error.message}. Look before you try again: cess-s3 territory list`, { cause: error });
    throw error;
  } finally {
    stop();
    client.close();
  }
}

/** Waits until no extrinsic of the account is under way. Rejects with CommandError after two minutes. */
export async function settled({ chain, session, account }: Wallet): Promise<void> {
  const end = Date.now() + SETTLE_MS;
  for (;;) {
    const count = await chain.unsettledExtrinsics(account);
    if (count === 0) return;
    if (Date.now() > end)
      throw new CommandError(
        `${count} extrinsics of ${account} are under way and not final: try again when no other program signs with this account`,
      );
    await new Promise<void>((resolve) => {
      const next = () => {
        clearTimeout(timer);
        stop();
        resolve();
        return Promise.resolve();
      };
      const timer = setTimeout(() => void next(), LOOK_MS);
      const stop = session.blocks.watch({ onBlock: next, onGap: () => Promise.resolve() });
    });
  }
}

/** Calls that one extrinsic holds. */
export const BATCH_CALLS = 50;

export function inBatches<T>(calls: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(calls.length / BATCH_CALLS) }, (_, at) =>
    calls.slice(at * BATCH_CALLS, (at + 1) * BATCH_CALLS),
  );
}

async function signOne({ calls }: Act, client: OwnerClient, onStep: (step: string) => void): Promise<bigint> {
  const [call] = calls;
  if (call === undefined) throw new RangeError("there is nothing to sign");
  return client.submit(call, {
    onSigned: ({ nonce, untilBlock }) => {
      onStep(`signed with nonce ${nonce}; it is waited for until block ${untilBlock}`);
      return Promise.resolve();
    },
  });
}

interface Cost {
  readonly price: bigint;
  readonly fee: bigint;
  readonly free: bigint;
}

function costText(act: Act, account: string, { price, fee, free }: Cost, { token }: TerritoryTerms): string {
  return tableText([
    ["to do", act.what],
    ["account", account],
    ...(price === 0n ? [] : [["price", tokensText(price, token)]]),
    ["fee", `about ${tokensText(fee, token)}`],
    ["balance", `${tokensText(free, token)} free now`],
  ]);
}

/** A price is taken with the account kept alive. */
function requireTokens(price: bigint, fee: bigint, free: bigint, { token, existentialDeposit }: TerritoryTerms): void {
  const needed = price + fee + existentialDeposit;
  if (free >= needed) return;
  throw new CommandError(
    `the account has ${tokensText(free, token)}, and this needs ${tokensText(needed, token)}: price, fee and the ` +
      `${tokensText(existentialDeposit, token)} that every account keeps. Nothing was signed`,
  );
}

function callText({ hex, readable }: CallQuote, endpoint: string): string {
  const link = `https://polkadot.js.org/apps/?rpc=${encodeURIComponent(endpoint)}#/extrinsics/decode/${hex}`;
  return [
    "Nothing was signed. Sign this call with the account's wallet, for instance in polkadot.js Apps:",
    "",
    link,
    "",
    `call  ${hex}`,
    JSON.stringify(readable, undefined, 2),
  ].join("\n");
}
