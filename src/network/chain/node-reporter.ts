import type { CessAccount } from "../../model/account.js";
import type { Fid } from "../../model/hash.js";
import { FRAGMENTS } from "../../model/sizes.js";
import { type Signer, verifySignature } from "./accounts.js";
import type { ChainDeal, ChainEvent, ChainFile, ChainNode } from "./chain.js";
import { watchDeals } from "./chain-events.js";
import type { ChainSession } from "./chain-session.js";
import { hashArgument } from "./codec.js";
import { call, callName, endpointArgument } from "./extrinsics.js";
import type { NodeChain, NodeRegistration } from "./node-chain.js";
import { Submitter, type SubmitterSettings } from "./submitter.js";

/** The stake that sminer.regnstk asks for each TiB declared: 4000 tokens of 18 decimals. */
const STAKE_PER_TIB = 4000n * 10n ** 18n;

/** A storage node's side of the CESS chain. Several nodes of one process share a session. */
export class NodeReporter implements NodeChain {
  private readonly signer: Signer;
  private readonly session: ChainSession;
  private readonly submitter: Submitter;
  private readonly watches = new Set<() => void>();

  constructor(components: { session: ChainSession; signer: Signer }, settings: Partial<SubmitterSettings> = {}) {
    const { session, signer } = components;
    this.signer = signer;
    this.session = session;
    this.submitter = new Submitter({ signer, connection: session.connection, blocks: session.blocks }, settings);
  }

  get account(): CessAccount {
    return this.signer.account;
  }

  get connected(): boolean {
    return this.session.connection.connected;
  }

  state(): Promise<ChainNode | undefined> {
    return this.session.reader.node(this.account);
  }

  deal(fid: Fid): Promise<ChainDeal | undefined> {
    return this.session.reader.deal(fid);
  }

  file(fid: Fid): Promise<ChainFile | undefined> {
    return this.session.reader.file(fid);
  }

  async report(index: number, fid: Fid, signal?: AbortSignal): Promise<void> {
    if (!Number.isInteger(index) || index < 0 || index >= FRAGMENTS)
      throw new RangeError(`not a fragment index (0 to 11): ${index}`);
    // The chain counts fragment indexes from 1.
    const args = [index + 1, hashArgument(fid)];
    await this.submitter.submit((api) => call(api, "fileBank", "transferReport", args), withSignal(signal));
  }

  async register(registration: NodeRegistration, signal?: AbortSignal): Promise<void> {
    const { endpoint, spaceTib, beneficiary = this.account } = registration;
    if (!Number.isInteger(spaceTib) || spaceTib < 1)
      throw new RangeError(`declared space is in whole TiB: ${spaceTib}`);
    await this.submitter.submit((api) => {
      const address = endpointArgument(api, "sminer", "regnstk", 1, endpoint);
      return call(api, "sminer", "regnstk", [beneficiary, address, STAKE_PER_TIB * BigInt(spaceTib), spaceTib]);
    }, withSignal(signal));
  }

  async updateEndpoint(endpoint: string, signal?: AbortSignal): Promise<void> {
    await this.submitter.submit((api) => {
      const name = callName(api, "sminer", ["updateEndpoint", "updatePeerId"]);
      return call(api, "sminer", name, [endpointArgument(api, "sminer", name, 0, endpoint)]);
    }, withSignal(signal));
  }

  watch(listener: (event: ChainEvent) => void): () => void {
    const stop = watchDeals(this.session.blocks, listener);
    this.watches.add(stop);
    return () => {
      this.watches.delete(stop);
      stop();
    };
  }

  sign(message: Uint8Array): Uint8Array {
    return this.signer.pair.sign(message);
  }

  verify(account: CessAccount, message: Uint8Array, signature: Uint8Array): boolean {
    return verifySignature(account, message, signature);
  }

  /** Ends watches and waiting reports. Whoever constructed the session closes it. */
  close(): Promise<void> {
    for (const stop of this.watches) stop();
    this.watches.clear();
    this.submitter.close();
    return Promise.resolve();
  }
}

function withSignal(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
