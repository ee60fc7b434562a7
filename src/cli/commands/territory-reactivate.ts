import { plainText } from "../text.js";
import { CommandError } from "../command-error.js";
import { priceOf } from "../../network/chain/territory-chain.js";
import { perform, type SigningOptions } from "../territory/perform.js";
import { countArgument, existingTerritory, stateOf, territoryName } from "../territory/words.js";
import { withWallet, type WalletOptions } from "../territory/wallet.js";

/** `cess-s3 territory reactivate NAME --days N`: of an expired one, whose files are gone. */
export async function runReactivate(
  name: string,
  options: WalletOptions & SigningOptions & { readonly days: string },
): Promise<void> {
  const territory = territoryName(name);
  const days = countArgument("--days", options.days);
  await withWallet(options, async (wallet) => {
    const [terms, found] = await Promise.all([wallet.chain.terms(), existingTerritory(wallet, territory)]);
    if (found.state !== "expired")
      throw new CommandError(
        `the territory ${plainText(territory)} is ${found.state}, and only an expired one is reactivated` +
          (found.state === "on-consignment" ? "" : ": cess-s3 territory renew adds days"),
      );
    const call = { kind: "reactivate", territory, days } as const;
    const what = `reactivate the territory ${plainText(territory)} for ${days} days; its files are gone`;
    const warnings = terms.reactivationGivesSpace
      ? []
      : ["this runtime gives a reactivated territory no free space: buy another one, or expand it afterwards"];
    const act = { what, calls: [call], price: priceOf(call, terms, found), warnings };
    await perform(wallet, terms, act, options, () => stateOf(wallet, territory));
  });
}
