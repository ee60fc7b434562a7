import { bytesText, durationText, plainText, tableText } from "../text.js";
import type { NamedTerritory, TerritoryTerms } from "../../network/chain/territory-chain.js";
import { endText, territoryView } from "../territory/words.js";
import { forReading, withWallet, type WalletOptions } from "../territory/wallet.js";
import { printJson } from "./identity-options.js";

/** `cess-s3 territory list [ACCOUNT]` */
export async function runList(
  account: string | undefined,
  options: WalletOptions & { readonly json?: boolean },
): Promise<void> {
  await withWallet(forReading(options, account), async ({ chain, account: owner }) => {
    const [terms, territories] = await Promise.all([chain.terms(), chain.territories(owner)]);
    if (options.json)
      printJson({
        account: owner,
        block: terms.block,
        territories: territories.map((each) => territoryView(each, terms)),
      });
    else if (territories.length === 0) console.log(`${owner} has no territory: cess-s3 territory buy gets one`);
    else console.log(tableText([HEADER, ...territories.map((each) => rowOf(each, terms))]));
  });
}

const HEADER = ["NAME", "STATE", "TOTAL", "USED", "LOCKED", "LEFT", "ENDS"];

function rowOf(found: NamedTerritory, terms: TerritoryTerms): string[] {
  const { name, total, used, locked, remaining } = found;
  return [
    plainText(name),
    stateText(found, terms),
    ...[total, used, locked, remaining].map((bytes) => bytesText(Number(bytes))),
    endText(found, terms),
  ];
}

/** Of a frozen one with the time that its files have left. */
function stateText({ state, deadline }: NamedTerritory, { frozenBlocks, block, blockMs }: TerritoryTerms): string {
  if (state !== "frozen") return state;
  return `frozen, files go in ${durationText((Math.max(0, deadline + frozenBlocks - block) * blockMs) / 1000)}`;
}
