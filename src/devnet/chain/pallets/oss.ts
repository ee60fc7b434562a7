import { sr25519Verify } from "@polkadot/util-crypto";
import { AccountId, PeerId, ProxyAuthPayload, TeeSignature, WorkerPublicKey, type Spec } from "../cess-types.js";
import { constant, refuse, signedCall, unservedCall, type Call, type Context, type Pallet } from "../pallet.js";
import { fromHex } from "../scale/bytes.js";
import { array, bounded, boundedText, encode, struct, toLatin1, u32, type Value } from "../scale/types.js";
import { PalletStorage } from "../storage.js";
import type { State } from "../state.js";

const AUTHOR_LIMIT = 20;
const PAYLOAD_EXPIRED_BLOCKS = 100;
const SIGNATURE_BYTES = 64;

const Domain = boundedText(50);
const OssInfo = struct("pallet_oss::types::OssInfo", { peerId: PeerId, domain: Domain });

/** Gateways, and which account has authorized which of them. */
export class Oss implements Pallet {
  readonly name = "Oss";
  readonly index = 108;
  readonly storage = new PalletStorage("Oss");
  readonly authorityList = this.storage.map("AuthorityList", AccountId, bounded(AccountId, AUTHOR_LIMIT), []);
  readonly oss = this.storage.map("Oss", AccountId, OssInfo);
  readonly constants = {
    P2PLength: constant(u32, 200),
    AuthorLimit: constant(u32, AUTHOR_LIMIT),
    PayloadExpired: constant(u32, PAYLOAD_EXPIRED_BLOCKS),
  };
  readonly events = {
    Authorize: { acc: AccountId, operator: AccountId },
    CancelAuthorize: { acc: AccountId, oss: AccountId },
    OssRegister: { acc: AccountId, endpoint: PeerId },
    OssUpdate: { acc: AccountId, newEndpoint: PeerId },
    OssDestroy: { acc: AccountId },
  };
  readonly errors: readonly string[];
  readonly calls: Readonly<Record<string, Call>>;

  constructor(readonly spec: Spec) {
    this.errors = [
      "NoAuthorization",
      "Registered",
      "UnRegister",
      "OptionParseError",
      "BoundedVecError",
      "Existed",
      "MalformedSignature",
      "VerifySigFailed",
      "Expired",
      ...(spec !== 100 ? ["ConvertError"] : []),
    ];
    const proxy = { authPuk: WorkerPublicKey, sig: TeeSignature, payload: ProxyAuthPayload };
    this.calls = {
      authorize: signedCall(0, { operator: AccountId }, (...given) => this.authorize(...given)),
      cancelAuthorize: signedCall(1, { oss: AccountId }, (...given) => this.cancelAuthorize(...given)),
      register: signedCall(2, { endpoint: PeerId, domain: Domain }, (context, acc, { endpoint, domain }) => {
        if (this.oss.has(context.state, acc)) throw refuse(this, "Registered");
        this.oss.put(context.state, { peerId: endpoint, domain }, acc);
        context.emit(this, "OssRegister", { acc, endpoint });
      }),
      update: signedCall(3, { endpoint: PeerId, domain: Domain }, (context, acc, { endpoint, domain }) => {
        if (!this.oss.has(context.state, acc)) throw refuse(this, "UnRegister");
        this.oss.put(context.state, { peerId: endpoint, domain }, acc);
        context.emit(this, "OssUpdate", { acc, newEndpoint: endpoint });
      }),
      destroy: signedCall(4, {}, (context, acc) => {
        if (!this.oss.has(context.state, acc)) throw refuse(this, "UnRegister");
        this.oss.remove(context.state, acc);
        context.emit(this, "OssDestroy", { acc });
      }),
      // The name is misspelt on chain.
      proxyAuthorzie: signedCall(5, proxy, (context, _signer, given) => this.proxyAuthorize(context, given)),
      ...(spec !== 100 && { evmProxyAuthorzie: unservedCall(6, { ...proxy, sig: array(65) }) }),
    };
  }

  authorized(state: State, owner: string, operator: string): boolean {
    return this.authorityList.get(state, owner).includes(operator);
  }

  private authorize(context: Context, acc: string, { operator }: { operator: string }): void {
    const list = this.authorityList.get(context.state, acc);
    if (!list.includes(operator)) this.put(context, acc, [...list, operator]);
    context.emit(this, "Authorize", { acc, operator });
  }

  /** Cancelling an operator that is not listed succeeds, as long as there is a list. */
  private cancelAuthorize(context: Context, acc: string, { oss }: { oss: string }): void {
    if (!this.authorityList.has(context.state, acc)) throw refuse(this, "NoAuthorization");
    this.put(
      context,
      acc,
      this.authorityList.get(context.state, acc).filter((operator) => operator !== oss),
    );
    context.emit(this, "CancelAuthorize", { acc, oss });
  }

  private proxyAuthorize(
    context: Context,
    { authPuk, sig, payload }: { authPuk: string; sig: string; payload: Value<typeof ProxyAuthPayload> },
  ): void {
    // The runtimes check the limit in opposite ways: 100 how far ahead it may be, later ones whether it has not passed.
    const expired =
      this.spec === 100
        ? payload.exp >= context.block + PAYLOAD_EXPIRED_BLOCKS
        : payload.exp + PAYLOAD_EXPIRED_BLOCKS <= context.block;
    if (expired) throw refuse(this, "Expired");
    const message = Buffer.concat([Buffer.from("<Bytes>"), encode(ProxyAuthPayload, payload), Buffer.from("</Bytes>")]);
    if (sig.length !== SIGNATURE_BYTES) throw refuse(this, "MalformedSignature");
    if (!sr25519Verify(message, toLatin1(sig), fromHex(authPuk))) throw refuse(this, "VerifySigFailed");
    const list = this.authorityList.get(context.state, authPuk);
    if (list.includes(payload.oss)) throw refuse(this, "Existed");
    this.put(context, authPuk, [...list, payload.oss]);
  }

  private put(context: Context, acc: string, list: string[]): void {
    if (list.length > AUTHOR_LIMIT) throw refuse(this, "BoundedVecError");
    this.authorityList.put(context.state, list, acc);
  }
}
