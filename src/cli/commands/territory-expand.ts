import { perform, type SigningOptions } from "../territory/perform.js";
import { planSpace } from "../territory/plan.js";
import { countArgument, stateOf, territoryName } from "../territory/words.js";
import { withWallet, type WalletOptions } from "../territory/wallet.js";

/** `cess-s3 territory expand NAME --gib N`: more space, until the same end. */
export async function runExpand(
  name: string,
  options: WalletOptions & SigningOptions & { readonly gib: string },
): Promise<void> {
  const territory = territoryName(name);
  const call = { kind: "expand", territory, gib: countArgument("--gib", options.gib) } as const;
  await withWallet(options, async (wallet) => {
    const { what, price, terms } = await planSpace(wallet.chain, wallet.account, call);
    await perform(wallet, terms, { what, calls: [call], price }, options, () => stateOf(wallet, territory));
  });
}
