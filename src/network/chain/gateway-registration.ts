import { createHash } from "node:crypto";
import type { ApiPromise } from "@polkadot/api";
import type { SubmittableExtrinsic } from "@polkadot/api/types";
import type { Codec } from "@polkadot/types/types";
import { publicKeyOf, type Signer } from "./accounts.js";
import { ChainRefusal, type SubmitOptions } from "./chain.js";
import type { ChainSession } from "./chain-session.js";
import { asBigInt, asText, field, optionalField, textArgument } from "./codec.js";
import { call } from "./extrinsics.js";
import type { Submitter } from "./submitter.js";
import { OWN_KIND_PREFIX } from "./gateway-register.js";

/** Bytes of a gateway's address that the chain has room for, and of its peer id. */
export const DOMAIN_BYTES = 50;
const PEER_ID_BYTES = 38;

/** What is to be done so that the chain has an address, or none. */
export interface RegistrationPlan {
  /** The address that it has now; undefined: this account is not registered. */
  readonly registered: string | undefined;
  /** Undefined: nothing is to be done. */
  readonly call: "register" | "update" | "destroy" | undefined;
  /** What the call costs, in the chain's tokens; undefined where the runtime does not say. */
  readonly fee: number | undefined;
}

/**
 * The peer id that the chain wants of a gateway. Nobody connects to it: tools take gateways with equal ones for one pool,
 * and authorize them together, so each has its own. Its beginning says what kind of gateway it is.
 */
export function gatewayPeerId(signer: Pick<Signer, "account">): Uint8Array {
  const digest = createHash("sha256").update(publicKeyOf(signer.account)).digest();
  return Buffer.concat([Buffer.from(OWN_KIND_PREFIX), digest], PEER_ID_BYTES);
}

/** This gateway's entry in the chain's list of gateways (oss.oss). */
export class GatewayRegistration {
  private readonly signer: Signer;
  private readonly session: ChainSession;
  private readonly submitter: Pick<Submitter, "submit">;

  constructor(components: { session: ChainSession; signer: Signer; submitter: Pick<Submitter, "submit"> }) {
    this.signer = components.signer;
    this.session = components.session;
    this.submitter = components.submitter;
  }

  get peerId(): Uint8Array {
    return gatewayPeerId(this.signer);
  }

  /** `endpoint` undefined: to be removed. Rejects with RangeError for one that is too long, and with ChainUnavailable. */
  async plan(endpoint: string | undefined): Promise<RegistrationPlan> {
    if (endpoint !== undefined && Buffer.byteLength(endpoint) > DOMAIN_BYTES)
      throw new RangeError(`${endpoint} has more than ${DOMAIN_BYTES} bytes: the chain holds no more`);
    const entry = await this.session.reader.gatewayEntry(this.signer.account);
    const registered = entry && asText(field(entry, "domain"));
    const name = this.callFor(registered, endpoint, entry);
    return { registered, call: name, fee: name && (await this.fee(name, endpoint)) };
  }

  /**
   * Does what the plan says and waits until it is final. Can be repeated. Rejects with ChainRefusal, FeesUnpaid,
   * ExtrinsicLost, ChainUnavailable, RangeError, or the signal's reason.
   */
  async set(endpoint: string | undefined, options: SubmitOptions = {}): Promise<RegistrationPlan> {
    const plan = await this.plan(endpoint);
    const { call: name } = plan;
    if (name === undefined) return plan;
    try {
      await this.submitter.submit((api) => this.extrinsic(api, name, endpoint), options);
    } catch (error) {
      // Another process of this account was faster: the chain may be as it should be.
      if (!(error instanceof ChainRefusal) || (await this.plan(endpoint)).call !== undefined) throw error;
    }
    return plan;
  }

  private callFor(registered: string | undefined, endpoint: string | undefined, entry: Codec | undefined) {
    if (endpoint === undefined) return entry === undefined ? undefined : "destroy";
    if (entry === undefined) return "register";
    const isOwn = Buffer.from(field(entry, "peerId").toU8a()).equals(this.peerId);
    return registered === endpoint && isOwn ? undefined : "update";
  }

  private extrinsic(
    api: ApiPromise,
    name: "register" | "update" | "destroy",
    endpoint: string | undefined,
  ): SubmittableExtrinsic<"promise"> {
    const args =
      endpoint === undefined ? [] : [`0x${Buffer.from(this.peerId).toString("hex")}`, textArgument(endpoint)];
    return call(api, "oss", name, args);
  }

  /** By the runtime's own estimate, of the call as it would be signed. */
  private fee(name: "register" | "update" | "destroy", endpoint: string | undefined): Promise<number | undefined> {
    return this.session.connection.call(async ({ api }) => {
      const query = api.call["transactionPaymentApi"]?.["queryInfo"];
      if (query === undefined) return undefined;
      const extrinsic = this.extrinsic(api, name, endpoint);
      extrinsic.signFake(this.signer.account, {
        nonce: 0,
        era: api.registry.createType("ExtrinsicEra", { current: 1, period: 64 }),
        blockHash: api.genesisHash,
        genesisHash: api.genesisHash,
        runtimeVersion: api.runtimeVersion,
      });
      const info = await query<Codec>(extrinsic.toHex(), extrinsic.encodedLength);
      const partial = optionalField(info, "partialFee");
      const [decimals = 18] = api.registry.chainDecimals;
      return partial && Number(asBigInt(partial)) / 10 ** decimals;
    });
  }
}
