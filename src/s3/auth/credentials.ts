import type { AccessKey } from "../../model/account.js";

/** Finds access keys. */
export interface Credentials {
  /**
   * A permanent key without a session token, a temporary one with it. Undefined for a key that does not exist. Rejects with
   * DomainError `invalidToken` and `expiredToken`.
   */
  lookup(accessKeyId: string, sessionToken?: string): Promise<AccessKey | undefined>;
}
