import { randomBytes } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { AccessKey, Account } from "../model/account.js";
import type { Clock } from "../model/clock.js";
import { defined } from "../model/defined.js";
import { DomainError } from "../model/errors.js";
import type { Policy } from "../model/policy.js";
import { parseIdentityPolicy } from "../model/policy-document.js";
import type { Sealer } from "../model/sealer.js";
import { invalidToken, openSession, sealSession, type SessionDocument } from "./session-document.js";
import { packedSize, requireDuration, requireSessionName, sessionPolicy } from "./session-limits.js";
import { StsError } from "./sts-error.js";
import type { Issued, RoleRequest, SessionRequest, Sessions, Sts, WebIdentityClaims } from "./sts.js";
import type { WebIdentities } from "./web-identity.js";

export interface SessionComponents {
  readonly sealer: Sealer;
  readonly clock: Clock;
  /** Finds permanent access keys that are accepted now. */
  readonly lookup: (accessKeyId: string) => Promise<AccessKey | undefined>;
  readonly identities: WebIdentities;
}

/** Tokens that were opened and are kept so, at most; each has up to 16 KiB. */
const CACHED_TOKENS = 1_000;
/** AWS's limit for a session that comes from a session, in seconds. */
const CHAINED_SECONDS = 3_600;
const ID_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const ID_CHARACTERS = 16;
/** 40 characters in base64url, as many as AWS's secrets have. */
const SECRET_BYTES = 30;

/** What a session came from, as its token says. */
type Parent = { readonly parent: string } | { readonly issuer: string };

/** A token that was opened. Its parent's rights are looked up for every request: they may have changed. */
interface OpenedSession {
  readonly document: SessionDocument;
  readonly policies: readonly Policy[];
}

/**
 * Sessions that are kept nowhere: all that is known of one stands in its token, which the client sends with every request
 * and which only this gateway's master key can have sealed.
 */
export class SessionService implements Sts, Sessions {
  private readonly opened = new LRUCache<string, OpenedSession>({ max: CACHED_TOKENS });

  constructor(private readonly components: SessionComponents) {}

  // Async, so that refusals are rejections: the port's methods are.
  // eslint-disable-next-line @typescript-eslint/require-await
  async assumeRole(caller: AccessKey, request: RoleRequest): Promise<Issued> {
    const { session, account } = caller;
    const seconds = requireDuration(request.durationSeconds, session ? CHAINED_SECONDS : undefined);
    return this.issue(parentOf(caller), account, { ...request, seconds }, session?.policies ?? [], endOf(caller));
  }

  // eslint-disable-next-line @typescript-eslint/require-await
  async getSessionToken(caller: AccessKey, { durationSeconds }: SessionRequest): Promise<Issued> {
    if (caller.session) throw new StsError("AccessDenied", "Cannot call GetSessionToken with session credentials");
    const seconds = requireDuration(durationSeconds);
    return this.issue(parentOf(caller), caller.account, { seconds }, [], endOf(caller));
  }

  async assumeRoleWithWebIdentity(
    token: string,
    request: RoleRequest,
  ): Promise<Issued & { readonly claims: WebIdentityClaims }> {
    const { account, claims, maxSeconds } = await this.components.identities.verify(token);
    const seconds = requireDuration(request.durationSeconds, maxSeconds);
    const issued = this.issue({ issuer: claims.issuer }, account, { ...request, seconds }, [], Infinity);
    return { ...issued, claims };
  }

  async resolve(accessKeyId: string, token: string): Promise<AccessKey | undefined> {
    const { document, policies } = this.open(token);
    const { name, issuedAt, expiresAt, parent, issuer, secretAccessKey } = document;
    if (document.accessKeyId !== accessKeyId) throw invalidToken();
    if (this.components.clock.now() >= expiresAt)
      throw new DomainError({ kind: "expiredToken" }, "The provided token has expired.");
    const rights = await this.rightsOf(document);
    if (rights?.account.id !== document.account || rights.account.disabled) return undefined;
    const { account, limits } = rights;
    const session = defined({ name, parent, issuer, issuedAt, expiresAt, policies: document.policies });
    const all = [...(rights.policies ?? []), ...policies];
    return defined({ accessKeyId, secretAccessKey, account, limits, policies: all, session });
  }

  /** What the session's parent may do now; undefined when it is gone. */
  private async rightsOf({
    parent,
    issuer,
    account,
  }: SessionDocument): Promise<Pick<AccessKey, "account" | "limits" | "policies"> | undefined> {
    if (parent !== undefined) return this.components.lookup(parent);
    return issuer === undefined ? undefined : this.components.identities.rights(issuer, account);
  }

  private open(token: string): OpenedSession {
    const known = this.opened.get(token);
    if (known) return known;
    const document = openSession(this.components.sealer, token);
    const opened = { document, policies: document.policies.map(parseIdentityPolicy) };
    this.opened.set(token, opened);
    return opened;
  }

  private issue(
    from: Parent,
    account: Account,
    request: RoleRequest & { readonly seconds: number },
    inherited: readonly string[],
    latest: number,
  ): Issued {
    const { sessionName = "session", policy, seconds } = request;
    requireSessionName(sessionName);
    const policies = [...inherited, ...(policy === undefined ? [] : [sessionPolicy(policy)])];
    const packedPolicySize = packedSize(policies);
    const now = this.components.clock.now();
    const document = {
      accessKeyId: newAccessKeyId(),
      secretAccessKey: randomBytes(SECRET_BYTES).toString("base64url"),
      account: account.id,
      name: sessionName,
      issuedAt: now,
      expiresAt: Math.min(now + seconds * 1000, latest),
      ...from,
      policies,
    };
    const { accessKeyId, secretAccessKey, expiresAt } = document;
    const sessionToken = sealSession(this.components.sealer, document);
    return {
      credentials: { accessKeyId, secretAccessKey, sessionToken, expiresAt },
      account,
      sessionName,
      packedPolicySize,
    };
  }
}

function parentOf({ accessKeyId, session }: AccessKey): Parent {
  if (!session) return { parent: accessKeyId };
  return session.parent === undefined ? { issuer: session.issuer ?? "" } : { parent: session.parent };
}

/** When the key itself ends, in milliseconds since 1970: a session does not outlive it. */
function endOf({ limits, session }: AccessKey): number {
  return Math.min(limits?.expiresAt ?? Infinity, session?.expiresAt ?? Infinity);
}

function newAccessKeyId(): string {
  const letters = Array.from(randomBytes(ID_CHARACTERS), (byte) => ID_ALPHABET[byte % ID_ALPHABET.length]);
  return `ASIA${letters.join("")}`;
}
