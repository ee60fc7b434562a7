import { plainText } from "../text.js";
import { CommandError } from "../command-error.js";
import {
  MIN_TERRITORY_DAYS,
  priceOf,
  type TerritoryOrder,
  type TerritoryTerms,
} from "../../network/chain/territory-chain.js";
import { perform, type SigningOptions } from "../territory/perform.js";
import { planSpace, requireForSale, requireFreeName } from "../territory/plan.js";
import { countArgument, stateOf, territoryName } from "../territory/words.js";
import { accountArgument, withWallet, type Wallet, type WalletOptions } from "../territory/wallet.js";

/** `cess-s3 territory buy NAME --gib N --days N [--for ACCOUNT]` */
export async function runBuy(
  name: string,
  options: WalletOptions & SigningOptions & { readonly gib: string; readonly days: string; readonly for?: string },
): Promise<void> {
  const territory = territoryName(name);
  const gib = countArgument("--gib", options.gib);
  const days = countArgument("--days", options.days);
  if (days < MIN_TERRITORY_DAYS)
    throw new CommandError(`a territory is sold for ${MIN_TERRITORY_DAYS} days at least: --days is ${days}`);
  const payee = options.for === undefined ? undefined : accountArgument(options.for);
  if (payee !== undefined && options.print === true)
    throw new CommandError(
      "--print cannot be used with --for: the second of its two calls is known only after the first",
    );
  await withWallet(options, async (wallet) => {
    if (payee !== undefined) {
      const terms = await wallet.chain.terms();
      await requireFreeName(wallet.chain, payee, territory);
      requireForSale(gib, terms);
      return buyFor(wallet, terms, { payee, territory, gib, days }, options);
    }
    const call = { kind: "buy", territory, gib, days } as const;
    const { what, price, terms } = await planSpace(wallet.chain, wallet.account, call);
    await perform(wallet, terms, { what, calls: [call], price }, options, () => stateOf(wallet, territory));
  });
}

/** The id of an order is not known before it is made; this one stands for it when the fee is reckoned. */
const ANY_ORDER = `0x${"00".repeat(32)}` as const;

/** Two calls: an order, which names the owner, and its payment. */
async function buyFor(
  wallet: Wallet,
  terms: TerritoryTerms,
  order: TerritoryOrder,
  options: SigningOptions,
): Promise<void> {
  const { payee, territory, gib, days } = order;
  const price = priceOf({ kind: "order", ...order }, terms);
  const warnings =
    terms.orderPerGibDay > terms.perGibDay
      ? ["this runtime makes orders for others dearer than what they buy themselves: tokens sent to them go further"]
      : [];
  const what = `buy the territory ${plainText(territory)} for ${payee}: ${gib} GiB for ${days} days`;
  const calls = [{ kind: "order", ...order } as const, { kind: "pay-order", order: ANY_ORDER } as const];
  await perform(
    wallet,
    terms,
    { what, calls, price, warnings },
    options,
    () => stateOf(wallet, territory, payee),
    async (client, onStep) => {
      const id = await client.order(order);
      onStep(`the order ${id} is made`);
      const found = await wallet.chain.order(id);
      const same = found !== undefined && found.payee === payee && found.territory === territory;
      // On some runtimes all orders of a block have one id, and the last of them counts.
      if (!same || found.gib !== gib || found.days !== days || found.price !== price)
        throw new CommandError(
          "another order has taken the place of this one in its block; nothing was paid: try again",
        );
      await client.submit({ kind: "pay-order", order: id });
      return found.price;
    },
  );
}
