import type { CessAccount } from "../../model/account.js";
import type { Signer } from "./accounts.js";
import { CallBatcher, type CallBatcherSettings } from "./call-batcher.js";
import type { ChainSession } from "./chain-session.js";
import type { SubmitOptions } from "./chain.js";
import { orderMadeBy, ownerExtrinsic, spentBy } from "./owner-calls.js";
import { Submitter, type SubmitterSettings } from "./submitter.js";
import type { OwnerCall, OwnerSigner, TerritoryOrder } from "./territory-chain.js";

/** Signs an owner's calls with a key that is here. */
export class OwnerClient implements OwnerSigner {
  private readonly signer: Signer;
  private readonly submitter: Submitter;
  private readonly batcher: CallBatcher;

  constructor(
    components: { readonly session: ChainSession; readonly signer: Signer },
    settings: Partial<SubmitterSettings & CallBatcherSettings> = {},
  ) {
    const { session, signer } = components;
    this.signer = signer;
    this.submitter = new Submitter({ signer, connection: session.connection, blocks: session.blocks }, settings);
    this.batcher = new CallBatcher({ submitter: this.submitter, connection: session.connection }, settings);
  }

  get account(): CessAccount {
    return this.signer.account;
  }

  async submit(call: OwnerCall, options: SubmitOptions = {}): Promise<bigint> {
    return spentBy(await this.submitter.submit((api) => ownerExtrinsic(api, call), options));
  }

  /** Makes an order for another account. Resolves with its id when it is final: look at the order before it is paid. */
  async order(order: TerritoryOrder, options: SubmitOptions = {}): Promise<`0x${string}`> {
    const id = orderMadeBy(
      await this.submitter.submit((api) => ownerExtrinsic(api, { kind: "order", ...order }), options),
    );
    if (id === undefined) throw new Error("the order is final, but no event of it names its id");
    return id;
  }

  /** As `submit` of a call without a price; it may travel with others that come at the same time. */
  async submitTogether(call: OwnerCall, options: SubmitOptions = {}): Promise<void> {
    await this.batcher.submit((api) => ownerExtrinsic(api, call), options);
  }

  /** What waits rejects with ChainUnavailable, though it may still be included. Whoever made the session closes it. */
  close(): void {
    this.batcher.close();
    this.submitter.close();
  }
}
