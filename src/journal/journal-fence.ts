import type { Catalog } from "../catalog/catalog.js";
import type { CessAccount } from "../model/account.js";
import type { Chain } from "../network/chain/chain.js";
import { journalFiles, type OpenedName } from "./journal-files.js";

export interface JournalFenceComponents {
  readonly catalog: Pick<Catalog, "journal">;
  readonly chain: Pick<Chain, "file" | "ownedFiles" | "connected">;
  readonly names: { open(name: string): OpenedName | undefined };
}

/** Looks on the chain whether another gateway, made from this one's journals, goes on in its place. */
export class JournalFence {
  constructor(private readonly components: JournalFenceComponents) {}

  /** Whether the chain can be asked. */
  get isReady(): boolean {
    return this.components.chain.connected;
  }

  /**
   * The highest number of this catalog's journals on the chain that it does not know, above `number`; undefined: there is
   * none. Rejects with ChainUnavailable.
   */
  async newer(account: CessAccount, stream: string, number: number): Promise<number | undefined> {
    const { catalog, chain, names } = this.components;
    const owned = await chain.ownedFiles(account);
    const unknown = await catalog.journal.unknown([...new Set(owned)]);
    const found = await journalFiles(chain, names, account, unknown, () => undefined);
    const numbers = (found.get(stream) ?? []).map((file) => file.number).filter((other) => other > number);
    return numbers.length === 0 ? undefined : Math.max(...numbers);
  }
}
