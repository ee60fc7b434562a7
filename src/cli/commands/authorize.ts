import { perform, type SigningOptions } from "../territory/perform.js";
import { operatorsText, planOperator, type OperatorCall } from "../territory/plan.js";
import { accountArgument, withWallet, type WalletOptions } from "../territory/wallet.js";

/** `cess-s3 authorize OPERATOR`: lets a gateway's account store and delete files for the signer's. */
export async function runAuthorize(address: string, options: WalletOptions & SigningOptions): Promise<void> {
  await run({ kind: "authorize", operator: accountArgument(address) }, options);
}

/** `cess-s3 revoke OPERATOR` */
export async function runRevoke(address: string, options: WalletOptions & SigningOptions): Promise<void> {
  await run({ kind: "revoke", operator: accountArgument(address) }, options);
}

async function run(call: OperatorCall, options: WalletOptions & SigningOptions): Promise<void> {
  await withWallet(options, async (wallet) => {
    const { chain, account } = wallet;
    const { terms, ...plan } = await planOperator(chain, account, call);
    await perform(wallet, terms, { ...plan, calls: [call] }, options, async () =>
      operatorsText(await chain.operators(account)),
    );
  });
}
