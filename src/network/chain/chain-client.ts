import type { CessAccount } from "../../model/account.js";
import type { Fid } from "../../model/hash.js";
import type { Signer } from "./accounts.js";
import { addressWithPrefix } from "./address.js";
import type {
  Chain,
  ChainDeal,
  ChainEvent,
  ChainFile,
  ChainNode,
  DealOrder,
  SignedExtrinsic,
  SubmitOptions,
  Territory,
} from "./chain.js";
import { watchDeals } from "./chain-events.js";
import { OWNER_CALL_NAMES, ownerExtrinsic, spentBy } from "./owner-calls.js";
import type { OwnerCall, OwnerSigner } from "./territory-chain.js";
import { CallCounts } from "./call-counts.js";
import { CallBatcher, type CallBatcherSettings } from "./call-batcher.js";
import type { ChainSession } from "./chain-session.js";
import { hashArgument, textArgument } from "./codec.js";
import { call } from "./extrinsics.js";
import type { GatewayRegister, RegisteredGateway } from "./gateway-register.js";
import { proxyCalls, proxyExtrinsic } from "./proxy-calls.js";
import type { ProxyAuthorizer, SignedAuthorization } from "./proxy-authorization.js";
import type { WalletType } from "./wallets.js";
import { GatewayRegistration } from "./gateway-registration.js";
import type { Nonces } from "./nonces.js";
import { Submitter, type SubmitterSettings } from "./submitter.js";

/**
 * Older runtimes file every declaration under a bucket of the owner. One opaque name serves all: it is public, and with
 * a j or J in it the deal could never complete.
 */
const BUCKET_TOKEN = "cess";

/** The gateway's side of the CESS chain over @polkadot/api, in whatever shapes the node's metadata has. */
export class CessChain implements Chain, GatewayRegister, ProxyAuthorizer, OwnerSigner {
  /** What became of what was submitted. */
  readonly calls = new CallCounts();
  /** This gateway's own entry in the register. */
  readonly registration: GatewayRegistration;
  private readonly signer: Signer;
  private readonly session: ChainSession;
  private readonly submitter: Submitter;
  private readonly batcher: CallBatcher;
  private readonly watches = new Set<() => void>();

  constructor(
    components: { session: ChainSession; signer: Signer; nonces?: Nonces },
    settings: Partial<SubmitterSettings & CallBatcherSettings> = {},
  ) {
    const { session, signer, nonces } = components;
    const { connection, blocks } = session;
    this.signer = signer;
    this.session = session;
    this.submitter = new Submitter({ signer, connection, blocks, ...(nonces && { nonces }) }, settings);
    this.registration = new GatewayRegistration({ session, signer, submitter: this.submitter });
    this.batcher = new CallBatcher({ submitter: this.submitter, connection: session.connection }, settings);
  }

  get account(): CessAccount {
    return this.signer.account;
  }

  /** The account with the SS58 prefix that the runtime names: as the network's other programs write it. */
  get address(): string {
    return addressWithPrefix(this.account, this.session.connection.ss58Prefix);
  }

  get connected(): boolean {
    return this.session.connection.connected;
  }

  file(fid: Fid, at?: "best" | "finalized"): Promise<ChainFile | undefined> {
    return this.session.reader.file(fid, at);
  }

  deal(fid: Fid, at?: "best" | "finalized"): Promise<ChainDeal | undefined> {
    return this.session.reader.deal(fid, at);
  }

  ownedFiles(owner: CessAccount): Promise<readonly Fid[]> {
    return this.session.reader.ownedFiles(owner);
  }

  territory(owner: CessAccount, name: string): Promise<Territory | undefined> {
    return this.session.reader.territory(owner, name);
  }

  async authorized(owner: CessAccount): Promise<boolean> {
    // An owner needs no authorization: the runtime checks `operator == owner || the owner's list has the operator`.
    return owner === this.account || (await this.session.reader.operators(owner)).includes(this.account);
  }

  nodes(): Promise<ChainNode[]> {
    return this.session.reader.nodes();
  }

  /** What the gateway's account can pay fees with, in the chain's tokens. */
  feeBalance(): Promise<number> {
    return this.session.reader.freeTokens(this.account);
  }

  gateways(): Promise<RegisteredGateway[]> {
    return this.session.reader.gateways();
  }

  finalizedBlock(): Promise<number> {
    return this.session.reader.finalizedBlock();
  }

  async declare(order: DealOrder, options: SubmitOptions): Promise<number> {
    const segments = order.segments.map(({ hash, fragments }) => ({
      hash: hashArgument(hash),
      fragmentList: fragments.map(hashArgument),
    }));
    // The codec takes the fields that the metadata's UserBrief has, so the bucket's name goes only where there is one.
    const brief = {
      user: order.owner,
      fileName: textArgument(order.fileName),
      bucketName: textArgument(BUCKET_TOKEN),
      territoryName: textArgument(order.territory),
    };
    const args = [hashArgument(order.fid), segments, brief, order.size];
    const submitted = this.batcher.submit((api) => call(api, "fileBank", "uploadDeclaration", args), options);
    return this.calls.count("fileBank.uploadDeclaration", submitted);
  }

  async deleteFile(owner: CessAccount, fid: Fid, options: SubmitOptions): Promise<number> {
    const args = [owner, hashArgument(fid)];
    const submitted = this.batcher.submit((api) => call(api, "fileBank", "deleteFile", args), options);
    return this.calls.count("fileBank.deleteFile", submitted);
  }

  takesAuthorizations(type: WalletType): Promise<boolean> {
    return this.session.connection.call(({ api }) => Promise.resolve(api.tx["oss"]?.[proxyCalls[type]] !== undefined));
  }

  async authorizeByProxy(signed: SignedAuthorization, options: SubmitOptions = {}): Promise<void> {
    const submitted = this.submitter.submit((api) => proxyExtrinsic(api, signed), options);
    await this.calls.count(`oss.${proxyCalls[signed.type]}`, submitted);
  }

  /** A call of the signing account for itself, in turn with the others: their nonces never collide. */
  async submit(asked: OwnerCall, options: SubmitOptions = {}): Promise<bigint> {
    const submitted = this.submitter.submit((api) => ownerExtrinsic(api, asked), options);
    return spentBy(await this.calls.count(OWNER_CALL_NAMES[asked.kind], submitted));
  }

  settled(signed: SignedExtrinsic): Promise<boolean> {
    return this.submitter.settled(signed);
  }

  sign(message: Uint8Array): Uint8Array {
    return this.signer.pair.sign(message);
  }

  watch(listener: (event: ChainEvent) => void): () => void {
    const stop = watchDeals(this.session.blocks, listener);
    this.watches.add(stop);
    return () => {
      this.watches.delete(stop);
      stop();
    };
  }

  /** Ends watches and waiting submissions. Whoever constructed the session closes it. */
  close(): Promise<void> {
    for (const stop of this.watches) stop();
    this.watches.clear();
    this.batcher.close();
    this.submitter.close();
    return Promise.resolve();
  }
}
