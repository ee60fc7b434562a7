import type { CessAccount } from "../../model/account.js";
import type { Signer } from "./accounts.js";
import type { Territory } from "./chain.js";
import type { ChainSession } from "./chain-session.js";
import { ownerExtrinsic } from "./owner-calls.js";
import { Submitter, type SubmitterSettings } from "./submitter.js";

export interface TerritoryOrder {
  readonly name: string;
  /** Size in whole GiB. */
  readonly sizeGib: number;
  /** Days it lasts; the chain wants at least 30. */
  readonly days: number;
}

/** What an owner does before a gateway can store for them. Every step reads first, so it can run at every start. */
export class Provisioning {
  private readonly owner: Signer;
  private readonly session: ChainSession;
  private readonly submitter: Submitter;

  constructor(components: { session: ChainSession; owner: Signer }, settings: Partial<SubmitterSettings> = {}) {
    const { session, owner } = components;
    this.owner = owner;
    this.session = session;
    this.submitter = new Submitter({ signer: owner, connection: session.connection, blocks: session.blocks }, settings);
  }

  /** Buys the territory unless the owner has one of that name, whatever its size or state: look at what is returned. */
  async territory(order: TerritoryOrder, signal?: AbortSignal): Promise<Territory> {
    const { account } = this.owner;
    const present = await this.session.reader.territory(account, order.name);
    if (present !== undefined) return present;
    const { name: territory, sizeGib: gib, days } = order;
    await this.submitter.submit(
      (api) => ownerExtrinsic(api, { kind: "buy", territory, gib, days }),
      signal === undefined ? {} : { signal },
    );
    const bought = await this.session.reader.territory(account, order.name);
    if (bought === undefined)
      throw new Error(`${account} bought the territory ${order.name}, but the chain does not have it`);
    return bought;
  }

  /** Authorizes `operator` to act for the owner, unless it is already. */
  async authorize(operator: CessAccount, signal?: AbortSignal): Promise<void> {
    if ((await this.session.reader.operators(this.owner.account)).includes(operator)) return;
    await this.submitter.submit(
      (api) => ownerExtrinsic(api, { kind: "authorize", operator }),
      signal === undefined ? {} : { signal },
    );
  }

  close(): void {
    this.submitter.close();
  }
}
