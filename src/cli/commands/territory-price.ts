import { bytesText, tableText } from "../text.js";
import { priceOf } from "../../network/chain/territory-chain.js";
import { tokensText } from "../territory/tokens.js";
import { countArgument } from "../territory/words.js";
import { forReading, withWallet, type WalletOptions } from "../territory/wallet.js";
import { printJson } from "./identity-options.js";

/** `cess-s3 territory price --gib N --days N` */
export async function runPrice(
  options: WalletOptions & { readonly gib: string; readonly days: string; readonly json?: boolean },
): Promise<void> {
  const gib = countArgument("--gib", options.gib);
  const days = countArgument("--days", options.days);
  await withWallet(forReading(options), async ({ chain }) => {
    const terms = await chain.terms();
    const { token, perGibDay, forSale } = terms;
    const price = priceOf({ kind: "buy", territory: "", gib, days }, terms);
    if (options.json) printJson({ gib, days, price: String(price), perGibDay: String(perGibDay), ...token });
    else
      console.log(
        tableText([
          [`${gib} GiB for ${days} days`, tokensText(price, token)],
          ["a GiB for a day", tokensText(perGibDay, token)],
          ["for sale", bytesText(Number(forSale))],
        ]),
      );
  });
}
