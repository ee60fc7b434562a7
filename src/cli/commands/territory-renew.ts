import { plainText } from "../text.js";
import { CommandError } from "../command-error.js";
import { priceOf } from "../../network/chain/territory-chain.js";
import { perform, type SigningOptions } from "../territory/perform.js";
import { countArgument, existingTerritory, stateOf, territoryName } from "../territory/words.js";
import { withWallet, type WalletOptions } from "../territory/wallet.js";

const INSTEAD: Readonly<Record<string, string>> = {
  expired: "its files are gone; cess-s3 territory reactivate gets the space back",
  "on-consignment": "it is offered for sale; take it off the market first",
};

/** `cess-s3 territory renew NAME --days N`: of an active or frozen one. */
export async function runRenew(
  name: string,
  options: WalletOptions & SigningOptions & { readonly days: string },
): Promise<void> {
  const territory = territoryName(name);
  const days = countArgument("--days", options.days);
  await withWallet(options, async (wallet) => {
    const [terms, found] = await Promise.all([wallet.chain.terms(), existingTerritory(wallet, territory)]);
    const instead = INSTEAD[found.state];
    if (instead !== undefined)
      throw new CommandError(
        `the territory ${plainText(territory)} is ${found.state} and cannot be renewed: ${instead}`,
      );
    const call = { kind: "renew", territory, days } as const;
    const from = found.deadline < terms.block ? "counted from now, since it has ended" : "added to its end";
    const what = `renew the territory ${plainText(territory)} by ${days} days, ${from}`;
    await perform(wallet, terms, { what, calls: [call], price: priceOf(call, terms, found) }, options, () =>
      stateOf(wallet, territory),
    );
  });
}
