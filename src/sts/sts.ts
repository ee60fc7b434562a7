import type { AccessKey, Account } from "../model/account.js";

/** Temporary credentials, as a client gets them. */
export interface TemporaryCredentials {
  /** 20 characters that begin with `ASIA`. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** To be sent with every request that is signed with them. */
  readonly sessionToken: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

export interface SessionRequest {
  /** 900 to 43200; by default 3600, or less where the requester may have less. */
  readonly durationSeconds?: number | undefined;
}

export interface RoleRequest extends SessionRequest {
  /** 2 to 64 letters, digits and `_+=,.@-`. */
  readonly sessionName?: string | undefined;
  /** Text of a session policy, of up to 2048 characters: the session may do only what it allows, too. */
  readonly policy?: string | undefined;
}

export interface Issued {
  readonly credentials: TemporaryCredentials;
  readonly account: Account;
  readonly sessionName: string;
  /** The session's policies in percent of what a token takes. */
  readonly packedPolicySize: number;
}

/** What an identity provider's token says, verified. */
export interface WebIdentityClaims {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
}

/**
 * Issues temporary credentials: a session can do what its parent, an access key or an identity provider's entry in the
 * configuration, may do and every policy of the session allows. Rejects with StsError.
 */
export interface Sts {
  /** A session of the caller's own account. The caller may be a session itself: then for an hour, and not beyond its end. */
  assumeRole(caller: AccessKey, request: RoleRequest): Promise<Issued>;
  /** Not for sessions. */
  getSessionToken(caller: AccessKey, request: SessionRequest): Promise<Issued>;
  assumeRoleWithWebIdentity(
    token: string,
    request: RoleRequest,
  ): Promise<Issued & { readonly claims: WebIdentityClaims }>;
}

/** Finds the sessions that tokens stand for. */
export interface Sessions {
  /**
   * The temporary access key of a token, with the rights that its parent has now; undefined when the parent was revoked or
   * its account disabled. Rejects with DomainError `invalidToken`, also when the token is another key's, or `expiredToken`.
   */
  resolve(accessKeyId: string, token: string): Promise<AccessKey | undefined>;
}
