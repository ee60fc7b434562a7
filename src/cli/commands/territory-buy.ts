import { bytesText, plainText } from "../text.js";
import { CommandError } from "../command-error.js";
import { GIB } from "../../model/sizes.js";
import { MIN_TERRITORY_DAYS, priceOf } from "../../network/chain/territory-chain.js";
import { perform, type SigningOptions } from "../territory/perform.js";
import { countArgument, stateOf, territoryName } from "../territory/words.js";
import { withWallet, type WalletOptions } from "../territory/wallet.js";

/** `cess-s3 territory buy NAME --gib N --days N` */
export async function runBuy(
  name: string,
  options: WalletOptions & SigningOptions & { readonly gib: string; readonly days: string },
): Promise<void> {
  const territory = territoryName(name);
  const gib = countArgument("--gib", options.gib);
  const days = countArgument("--days", options.days);
  if (days < MIN_TERRITORY_DAYS)
    throw new CommandError(`a territory is sold for ${MIN_TERRITORY_DAYS} days at least: --days is ${days}`);
  await withWallet(options, async (wallet) => {
    const { chain, account } = wallet;
    const [terms, owned] = await Promise.all([chain.terms(), chain.territories(account)]);
    if (owned.some((each) => each.name === territory))
      throw new CommandError(
        `${account} has a territory named ${plainText(territory)} already: take another name, or cess-s3 territory expand or renew`,
      );
    if (BigInt(gib) * BigInt(GIB) > terms.forSale)
      throw new CommandError(`the network has ${bytesText(Number(terms.forSale))} for sale, not ${gib} GiB`);
    const call = { kind: "buy", territory, gib, days } as const;
    const what = `buy the territory ${plainText(territory)}: ${gib} GiB for ${days} days`;
    await perform(wallet, terms, { what, calls: [call], price: priceOf(call, terms) }, options, () =>
      stateOf(wallet, territory),
    );
  });
}
