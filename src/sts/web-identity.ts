import { decodeJwt, errors, jwtVerify, type JWTPayload } from "jose";
import type { AccessKey, Account } from "../model/account.js";
import type { Clock } from "../model/clock.js";
import type { Policy } from "../model/policy.js";
import { IssuerKeys, IssuerUnreachable, type IssuerPlace } from "./issuer-keys.js";
import { StsError } from "./sts-error.js";
import type { WebIdentityClaims } from "./sts.js";

/** An OpenID Connect provider whose tokens are taken. */
export interface WebIssuer extends IssuerPlace {
  /** A token must be for one of these. */
  readonly audience: readonly string[];
  /** Name of the account that all its tokens get; or else `claim` decides. */
  readonly account?: string | undefined;
  /** A claim that is a text or a list of texts, and the names of accounts that its values get. */
  readonly claim?: string | undefined;
  readonly accounts: Readonly<Record<string, string>>;
  /** What its sessions may do in their account; everything by default. */
  readonly policy?: Policy | undefined;
  /** The longest session, in seconds. */
  readonly maxSeconds: number;
}

export interface WebIdentityComponents {
  readonly clock: Clock;
  /** An account by its name. */
  readonly named: (name: string) => Account | undefined;
}

/** All with a key pair. `none`, and a secret that both sides have, are not among them. */
const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];
/** How far the provider's clock may be off, in seconds. */
const CLOCK_TOLERANCE = 60;
/** AWS's limit for a token, in characters. */
const MAX_TOKEN = 20_000;

const invalid = (message: string, cause?: unknown) => new StsError("InvalidIdentityToken", message, { cause });

/** Verifies the tokens of identity providers, and knows what their sessions may do. */
export class WebIdentities {
  private readonly issuers: ReadonlyMap<string, { readonly settings: WebIssuer; readonly keys: IssuerKeys }>;

  constructor(
    private readonly components: WebIdentityComponents,
    issuers: readonly WebIssuer[],
  ) {
    this.issuers = new Map(
      issuers.map((settings) => [settings.issuer, { settings, keys: new IssuerKeys(components, settings) }]),
    );
  }

  /** Rejects with StsError: InvalidIdentityToken, ExpiredTokenException, IDPRejectedClaim, IDPCommunicationError, AccessDenied. */
  async verify(
    token: string,
  ): Promise<{ readonly account: Account; readonly claims: WebIdentityClaims; readonly maxSeconds: number }> {
    const { settings, keys } = this.issuerOf(token);
    const { issuer, audience, maxSeconds } = settings;
    const payload = await this.payload(token, settings, keys);
    const account = this.components.named(accountName(settings, payload));
    if (!account || account.disabled)
      throw new StsError("AccessDenied", "The account of this identity does not exist here.");
    const audiences = [payload.aud ?? []].flat();
    const matched = audience.find((each) => audiences.includes(each)) ?? "";
    return { account, claims: { issuer, subject: payload.sub ?? "", audience: matched }, maxSeconds };
  }

  /** What a session of this provider may do now in the account; undefined when it gets no such sessions any more. */
  rights(issuer: string, accountId: string): Pick<AccessKey, "account" | "policies"> | undefined {
    const settings = this.issuers.get(issuer)?.settings;
    if (!settings) return undefined;
    const names = settings.account === undefined ? Object.values(settings.accounts) : [settings.account];
    const account = names.map((name) => this.components.named(name)).find((each) => each?.id === accountId);
    return account && { account, ...(settings.policy ? { policies: [settings.policy] } : {}) };
  }

  /** By what the token says of itself: nothing of it is believed before the signature of that issuer is verified. */
  private issuerOf(token: string): { readonly settings: WebIssuer; readonly keys: IssuerKeys } {
    if (token.length > MAX_TOKEN) throw invalid(`The token has more than ${MAX_TOKEN} characters`);
    let issuer: string | undefined;
    try {
      issuer = decodeJwt(token).iss;
    } catch (cause) {
      throw invalid("The ID Token provided is not a valid JWT", cause);
    }
    const found = this.issuers.get(issuer ?? "");
    if (!found) throw invalid("No OpenIDConnect provider found in your account for the token's issuer");
    return found;
  }

  private async payload(token: string, { issuer, audience }: WebIssuer, keys: IssuerKeys): Promise<JWTPayload> {
    try {
      const verified = await jwtVerify(token, (header, flat) => keys.find(header, flat), {
        issuer,
        audience: [...audience],
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE,
        currentDate: new Date(this.components.clock.now()),
        requiredClaims: ["exp", "sub", "aud"],
      });
      return verified.payload;
    } catch (cause) {
      if (cause instanceof errors.JWTExpired) throw new StsError("ExpiredTokenException", "Token expired", { cause });
      if (cause instanceof errors.JWTClaimValidationFailed && cause.claim === "aud")
        throw invalid("Incorrect token audience", cause);
      if (cause instanceof IssuerUnreachable)
        throw new StsError("IDPCommunicationError", `The keys of the identity provider ${issuer} cannot be had`, {
          cause,
        });
      if (cause instanceof errors.JOSEError) throw invalid(`The token cannot be verified: ${cause.message}`, cause);
      throw cause;
    }
  }
}

/** IDPRejectedClaim where no account, or no one account, belongs to the claim's values. */
function accountName({ account, claim = "", accounts }: WebIssuer, payload: JWTPayload): string {
  if (account !== undefined) return account;
  const found = new Set<string>();
  for (const value of [payload[claim]].flat())
    if (typeof value === "string" && Object.hasOwn(accounts, value)) found.add(accounts[value] ?? "");
  const [name, another] = found;
  if (name === undefined) throw new StsError("IDPRejectedClaim", `No account belongs to the token's claim ${claim}.`);
  if (another !== undefined)
    throw new StsError("IDPRejectedClaim", `Several accounts belong to the token's claim ${claim}: it must have one.`);
  return name;
}
