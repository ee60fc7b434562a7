import type { IdentitySettings } from "../../config/identity.js";
import type { Clock } from "../../model/clock.js";
import { defined } from "../../model/defined.js";
import type { Sealer } from "../../model/sealer.js";
import type { AccessKey } from "../../model/account.js";
import { SessionService } from "../../sts/session-service.js";
import type { Sts } from "../../sts/sts.js";
import { WebIdentities, type WebIssuer } from "../../sts/web-identity.js";
import type { Accounts } from "./accounts.js";
import { configuredPolicy } from "./configured-policy.js";

export interface Identification {
  readonly sts: Sts;
  /** Permanent and temporary access keys. */
  readonly credentials: { lookup(accessKeyId: string, sessionToken?: string): Promise<AccessKey | undefined> };
}

/** Who signs requests, with which keys. Throws ConfigError for a policy of an issuer that cannot be read. */
export function identification(
  { issuers }: IdentitySettings,
  { accounts, sealer, clock }: { readonly accounts: Accounts; readonly sealer: Sealer; readonly clock: Clock },
): Identification {
  const identities = new WebIdentities({ clock, named: accounts.named }, issuers.map(webIssuer));
  const sessions = new SessionService({ sealer, clock, lookup: accounts.lookup, identities });
  const lookup = (accessKeyId: string, sessionToken?: string) =>
    sessionToken === undefined ? accounts.lookup(accessKeyId) : sessions.resolve(accessKeyId, sessionToken);
  return { sts: sessions, credentials: { lookup } };
}

function webIssuer({ policy, policyFile, ...settings }: IdentitySettings["issuers"][number], index: number): WebIssuer {
  const found = configuredPolicy({ policy, policyFile }, `issuer ${settings.issuer}`, `identity.issuers[${index}]`);
  return defined({ ...settings, policy: found });
}
