import { perform, type SigningOptions } from "../territory/perform.js";
import { planSpace } from "../territory/plan.js";
import { countArgument, stateOf, territoryName } from "../territory/words.js";
import { withWallet, type WalletOptions } from "../territory/wallet.js";

/** `cess-s3 territory reactivate NAME --days N`: of an expired one, whose files are gone. */
export async function runReactivate(
  name: string,
  options: WalletOptions & SigningOptions & { readonly days: string },
): Promise<void> {
  const territory = territoryName(name);
  const call = { kind: "reactivate", territory, days: countArgument("--days", options.days) } as const;
  await withWallet(options, async (wallet) => {
    const { terms, ...plan } = await planSpace(wallet.chain, wallet.account, call);
    await perform(wallet, terms, { ...plan, calls: [call] }, options, () => stateOf(wallet, territory));
  });
}
