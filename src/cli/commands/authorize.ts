import { CommandError } from "../command-error.js";
import { MAX_OPERATORS } from "../../network/chain/territory-chain.js";
import { perform, type SigningOptions } from "../territory/perform.js";
import { accountArgument, withWallet, type Wallet, type WalletOptions } from "../territory/wallet.js";

/** `cess-s3 authorize OPERATOR`: lets a gateway's account store and delete files for the signer's. */
export async function runAuthorize(address: string, options: WalletOptions & SigningOptions): Promise<void> {
  const operator = accountArgument(address);
  await withWallet(options, async (wallet) => {
    const { chain, account } = wallet;
    const [terms, operators] = await Promise.all([chain.terms(), chain.operators(account)]);
    if (operator === account)
      throw new CommandError(`${account} acts for itself without an authorization: nothing would change`);
    if (operators.includes(operator))
      throw new CommandError(`${account} has authorized ${operator} already: nothing would change`);
    if (operators.length >= MAX_OPERATORS)
      throw new CommandError(
        `${account} has authorized ${operators.length} operators, and more are not allowed: cess-s3 revoke one first`,
      );
    const what = `authorize ${operator} to store and delete files for this account, in all its territories`;
    await perform(wallet, terms, { what, calls: [{ kind: "authorize", operator }], price: 0n }, options, () =>
      operatorsText(wallet),
    );
  });
}

/** `cess-s3 revoke OPERATOR` */
export async function runRevoke(address: string, options: WalletOptions & SigningOptions): Promise<void> {
  const operator = accountArgument(address);
  await withWallet(options, async (wallet) => {
    const { chain, account } = wallet;
    const [terms, operators] = await Promise.all([chain.terms(), chain.operators(account)]);
    if (!operators.includes(operator))
      throw new CommandError(`${account} has not authorized ${operator}: nothing would change; ${listText(operators)}`);
    const what = `take the authorization of ${operator} back; its gateway can store and delete nothing more for this account`;
    await perform(wallet, terms, { what, calls: [{ kind: "revoke", operator }], price: 0n }, options, () =>
      operatorsText(wallet),
    );
  });
}

async function operatorsText({ chain, account }: Wallet): Promise<string> {
  return listText(await chain.operators(account));
}

function listText(operators: readonly string[]): string {
  return operators.length === 0 ? "it has authorized nobody" : `it has authorized ${operators.join(", ")}`;
}
