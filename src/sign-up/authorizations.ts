import type { Semaphore } from "../async/semaphore.js";
import type { SignUpCatalog } from "../catalog/catalog.js";
import type { CessAccount } from "../model/account.js";
import type { Clock } from "../model/clock.js";
import { ChainRefusal, ExtrinsicLost, FeesUnpaid } from "../network/chain/chain.js";
import {
  authorizationMessage,
  authorizationPayload,
  isSignedByOwner,
  payloadBytes,
  takesExpiry,
  type AuthorizationPayload,
  type SignedAuthorization,
} from "../network/chain/proxy-authorization.js";
import type { WalletType } from "../network/chain/wallets.js";
import { SignUpRefusal, tooOften } from "./refusal.js";
import type { SignUpChain, SignUpIdentities, SignUpRecord } from "./sign-up.js";

export interface AuthorizationComponents {
  readonly chain: SignUpChain;
  readonly identities: Pick<SignUpIdentities, "find">;
  readonly paid: Pick<SignUpCatalog, "payAuthorization" | "returnAuthorization">;
  readonly audit: SignUpRecord;
  readonly clock: Clock;
  readonly rate: { take(account: string): number };
  /** As of SignUpService, and the same. */
  readonly turns: Pick<Semaphore, "run">;
}

/** What an account that has not authorized the gateway yet may do about it. */
export interface AuthorizationOffer {
  /** The account to authorize: the gateway's. */
  readonly operator: CessAccount;
  /** Why the gateway cannot submit it: then the owner calls oss.authorize. */
  readonly unavailable?: string;
  readonly payload?: AuthorizationPayload;
  /** What to sign, in hex: for wallets that put `<Bytes>…</Bytes>` around it themselves … */
  readonly data?: string;
  /** … and for those that sign what they are given. */
  readonly message?: string;
  /** Where the signature goes. */
  readonly path?: string;
}

const DAY_MS = 86_400_000;
/** Of one account in a day: what goes wrong twice is not paid for all day. */
const PER_ACCOUNT = 2;

/** Submits authorizations that owners have signed, and pays for them within a budget. */
export class Authorizations {
  constructor(
    private readonly components: AuthorizationComponents,
    private readonly settings: { readonly authorizationsPerDay: number },
  ) {}

  /** `type`: of the wallet; undefined where the runtime takes no signature of it for this account. Rejects with ChainUnavailable. */
  async offer(type: WalletType | undefined): Promise<AuthorizationOffer> {
    const { chain } = this.components;
    const operator = chain.account;
    const byOwner = "call oss.authorize with the operator's account from a wallet that can send transactions";
    if (this.settings.authorizationsPerDay === 0)
      return { operator, unavailable: `this gateway pays for no authorizations: ${byOwner}` };
    if (type === undefined || !(await chain.takesAuthorizations(type)))
      return { operator, unavailable: `this chain takes no signature of this wallet for it: ${byOwner}` };
    const payload = authorizationPayload(operator, await chain.finalizedBlock());
    return {
      operator,
      payload,
      data: hex(payloadBytes(payload)),
      message: hex(authorizationMessage(payload)),
      path: "/v1/authorizations",
    };
  }

  /** Rejects with SignUpRefusal, and with ChainUnavailable and ExtrinsicLost as the chain does. */
  async submit(
    signed: SignedAuthorization,
    from: string,
  ): Promise<{ readonly account: CessAccount; readonly authorized: true; readonly paid: boolean }> {
    const { account, payload } = signed;
    const { chain, rate, turns } = this.components;
    if (payload.oss !== chain.account)
      throw new SignUpRefusal(
        400,
        "WrongGateway",
        `The payload authorizes ${payload.oss}, not this gateway, ${chain.account}.`,
      );
    if (!isSignedByOwner(signed))
      throw new SignUpRefusal(401, "SignatureDoesNotMatch", `The signature of the payload is not that of ${account}.`);
    const waitMs = rate.take(account);
    if (waitMs > 0) throw tooOften(waitMs);
    return turns.run(
      async () => {
        // Paying for it again would be refused by the chain, and cost the fee all the same.
        if (await chain.authorized(account)) return { account, authorized: true, paid: false } as const;
        await this.requirePayable(signed);
        await this.pay(signed, from);
        return { account, authorized: true, paid: true } as const;
      },
      { group: account },
    );
  }

  /** Refuses what the chain would refuse, before it is paid for, and who has not signed up. */
  private async requirePayable({ account, payload, type }: SignedAuthorization): Promise<void> {
    const { chain, identities, paid, clock } = this.components;
    if (!identities.find(account))
      throw new SignUpRefusal(403, "NotSignedUp", `The account ${account} has no key here: POST /v1/keys comes first.`);
    if (!takesExpiry(payload.exp, await chain.finalizedBlock()))
      throw new SignUpRefusal(
        400,
        "PayloadExpired",
        "The payload's exp is too far from the chain's present block: sign a new payload.",
        {
          members: { authorization: await this.offer(type) },
        },
      );
    if (!(await chain.takesAuthorizations(type)))
      throw new SignUpRefusal(
        409,
        "NotSupported",
        `This chain takes no authorizations signed by wallets of type ${type}.`,
      );
    const { authorizationsPerDay: all } = this.settings;
    const budget = { since: clock.now() - DAY_MS, all, perAccount: PER_ACCOUNT };
    if (await paid.payAuthorization(account, budget)) return;
    throw new SignUpRefusal(
      429,
      "BudgetUsedUp",
      "The gateway pays for no further authorizations today: try again later, or call oss.authorize yourself.",
      {
        headers: { "retry-after": "3600" },
      },
    );
  }

  private async pay(signed: SignedAuthorization, from: string): Promise<void> {
    const { chain, audit, paid } = this.components;
    const record = (result: string) =>
      audit.record({ act: "authorize", by: `wallet ${signed.account} from ${from}`, subject: signed.account, result });
    try {
      await chain.authorizeByProxy(signed);
      await record("done");
    } catch (error) {
      await record(`failed: ${error instanceof Error ? error.message : String(error)}`);
      // It was never included, so nothing was paid.
      if (error instanceof ExtrinsicLost) await paid.returnAuthorization(signed.account);
      // Another gateway process, or the owner, was quicker.
      if (error instanceof ChainRefusal && error.kind === "existed") return;
      if (error instanceof ChainRefusal)
        throw new SignUpRefusal(
          409,
          "ChainRefused",
          `The chain refused the authorization: ${error.section}.${error.reason}.`,
          { cause: error },
        );
      if (error instanceof FeesUnpaid)
        throw new SignUpRefusal(
          503,
          "FeesUnpaid",
          "The gateway cannot pay for authorizations at the moment. Ask its operator.",
          { cause: error },
        );
      throw error;
    }
  }
}

const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString("hex")}`;
