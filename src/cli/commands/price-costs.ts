import type { CessAccount } from "../../model/account.js";
import { formatAccount } from "../../network/chain/accounts.js";
import { ChainUnavailable } from "../../network/chain/chain.js";
import { ChainSession } from "../../network/chain/chain-session.js";
import { declarationFee } from "../../network/chain/fees.js";
import { TerritoryReader } from "../../network/chain/territory-reader.js";
import { CommandError } from "../command-error.js";

/** How long the chain may take to answer, ms. */
const CHAIN_MS = 10_000;
const MONTH_DAYS = 30n;
/** Fees depend on no account. */
const NOBODY: CessAccount = formatAccount(new Uint8Array(32));

/** What a layout of the objects costs. */
export interface Bill {
  readonly files: number;
  readonly chargedBytes: number;
  /** Whole GiB that a territory must have for so much: the chain wants more free than is charged. */
  readonly territoryGib: number;
  /** Files of so many segments, for the fees. */
  readonly orders: readonly { readonly segments: number; readonly count: number }[];
}

/** `packs`: undefined for objects that are not packed. */
export interface Bills {
  readonly packs: Bill | undefined;
  readonly ownFiles: Bill;
}

export interface Costs {
  readonly token: string;
  /** Tokens for 30 days of a territory with room for it. */
  readonly month: number;
  /** Tokens for the orders, once. */
  readonly fees: number;
}

export interface AllCosts {
  readonly packs?: Costs;
  readonly ownFiles: Costs;
}

/** What the chain takes for these bills today. Rejects with CommandError. */
export async function costsOf(endpoints: readonly string[], { packs, ownFiles }: Bills): Promise<AllCosts> {
  const session = new ChainSession({ endpoints, callTimeoutMs: CHAIN_MS });
  try {
    const { token, perGibDay } = await new TerritoryReader(session).terms();
    const tokens = (smallest: bigint) => Number(smallest) / 10 ** token.decimals;
    const of = async (bill: Bill): Promise<Costs> => {
      let fees = 0n;
      for (const { segments, count } of bill.orders)
        fees += BigInt(count) * (await declarationFee(session.connection, NOBODY, segments));
      const month = BigInt(bill.territoryGib) * perGibDay * MONTH_DAYS;
      return { token: token.symbol, month: tokens(month), fees: tokens(fees) };
    };
    return { ...(packs && { packs: await of(packs) }), ownFiles: await of(ownFiles) };
  } catch (error) {
    if (error instanceof ChainUnavailable)
      throw new CommandError(`the prices are not known: ${error.message}`, { cause: error });
    throw error;
  } finally {
    await session.close();
  }
}
