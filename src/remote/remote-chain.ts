import type { LocalClient } from "../ipc/local-client.js";
import type { CessAccount } from "../model/account.js";
import { isProblem } from "../model/errors.js";
import { ChainUnavailable, type Chain, type Territory } from "../network/chain/chain.js";
import type { TerritoryQuestion } from "./background-process.js";
import type { KnownFacts } from "./known-facts.js";

/** What requests read of the chain, through the background process. While that is away, so is the chain. */
export class RemoteChain implements Pick<Chain, "account" | "connected" | "authorized" | "territory"> {
  constructor(private readonly components: { readonly background: LocalClient; readonly facts: KnownFacts }) {}

  get account(): CessAccount {
    return this.components.facts.account;
  }

  get connected(): boolean {
    return this.components.facts.connected;
  }

  async authorized(owner: CessAccount): Promise<boolean> {
    return (await this.ask("authorized", owner)) as boolean;
  }

  async territory(owner: CessAccount, name: string): Promise<Territory | undefined> {
    return (await this.ask("territory", { owner, name } satisfies TerritoryQuestion)) as Territory | undefined;
  }

  private async ask(name: string, argument: unknown): Promise<unknown> {
    try {
      return await this.components.background.call(name, argument);
    } catch (cause) {
      const { message, name } = cause as Error;
      if (name === "ChainUnavailable" || isProblem(cause, "dependencyUnavailable"))
        throw new ChainUnavailable(message, { cause });
      throw cause;
    }
  }
}
