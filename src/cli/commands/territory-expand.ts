import { bytesText, plainText } from "../text.js";
import { CommandError } from "../command-error.js";
import { GIB } from "../../model/sizes.js";
import { priceOf } from "../../network/chain/territory-chain.js";
import { perform, type SigningOptions } from "../territory/perform.js";
import { countArgument, existingTerritory, stateOf, territoryName } from "../territory/words.js";
import { withWallet, type WalletOptions } from "../territory/wallet.js";

/** `cess-s3 territory expand NAME --gib N`: more space, until the same end. */
export async function runExpand(
  name: string,
  options: WalletOptions & SigningOptions & { readonly gib: string },
): Promise<void> {
  const territory = territoryName(name);
  const gib = countArgument("--gib", options.gib);
  await withWallet(options, async (wallet) => {
    const [terms, found] = await Promise.all([wallet.chain.terms(), existingTerritory(wallet, territory)]);
    if (found.state !== "active")
      throw new CommandError(
        `the territory ${plainText(territory)} is ${found.state}, and only an active one is expanded` +
          (found.state === "frozen" ? ": cess-s3 territory renew comes first" : ""),
      );
    if (BigInt(gib) * BigInt(GIB) > terms.forSale)
      throw new CommandError(`the network has ${bytesText(Number(terms.forSale))} for sale, not ${gib} GiB`);
    const call = { kind: "expand", territory, gib } as const;
    const what = `expand the territory ${plainText(territory)} by ${gib} GiB until its end`;
    await perform(wallet, terms, { what, calls: [call], price: priceOf(call, terms, found) }, options, () =>
      stateOf(wallet, territory),
    );
  });
}
