import { perform, type SigningOptions } from "../territory/perform.js";
import { planSpace } from "../territory/plan.js";
import { countArgument, stateOf, territoryName } from "../territory/words.js";
import { withWallet, type WalletOptions } from "../territory/wallet.js";

/** `cess-s3 territory renew NAME --days N`: of an active or frozen one. */
export async function runRenew(
  name: string,
  options: WalletOptions & SigningOptions & { readonly days: string },
): Promise<void> {
  const territory = territoryName(name);
  const call = { kind: "renew", territory, days: countArgument("--days", options.days) } as const;
  await withWallet(options, async (wallet) => {
    const { what, price, terms } = await planSpace(wallet.chain, wallet.account, call);
    await perform(wallet, terms, { what, calls: [call], price }, options, () => stateOf(wallet, territory));
  });
}
