import { tableText } from "../text.js";
import { tokensText } from "../territory/tokens.js";
import { forReading, withWallet, type WalletOptions } from "../territory/wallet.js";
import { printJson } from "./identity-options.js";

/** `cess-s3 balance [ACCOUNT]` */
export async function runBalance(
  account: string | undefined,
  options: WalletOptions & { readonly json?: boolean },
): Promise<void> {
  await withWallet(forReading(options, account), async ({ chain, account: owner }) => {
    const [{ token, existentialDeposit }, balance] = await Promise.all([chain.terms(), chain.balance(owner)]);
    const { free, reserved, frozen } = balance;
    if (options.json) {
      printJson({ account: owner, free: String(free), reserved: String(reserved), frozen: String(frozen), ...token });
      return;
    }
    console.log(
      tableText([
        ["account", owner],
        ["free", tokensText(free, token)],
        ["reserved", tokensText(reserved, token)],
        ...(frozen === 0n ? [] : [["frozen", tokensText(frozen, token)]]),
        ["kept at least", `${tokensText(existentialDeposit, token)} (an account with less ends)`],
      ]),
    );
  });
}
