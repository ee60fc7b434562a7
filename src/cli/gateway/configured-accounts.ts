import type { AccountConfig, LimitedKeyConfig } from "../../config/account.js";
import { ConfigError } from "../../config/config-error.js";
import { readSecret, secretFault } from "../../config/secret.js";
import type { AccessKey, Account, CessAccount, KeyLimits } from "../../model/account.js";
import type { Sealer } from "../../model/sealer.js";
import { configuredPolicy } from "./configured-policy.js";
import { parseAccount, publicKeyOf } from "../../network/chain/address.js";
import { secretPurpose } from "../secret-purpose.js";

/** The S3 accounts of the configuration, by access key and by canonical ID. */
export class ConfiguredAccounts {
  readonly byAccessKey = new Map<string, AccessKey>();
  readonly byId = new Map<string, Account>();

  /** Throws ConfigError. `sealer` opens secrets that are sealed. */
  constructor(
    configured: readonly AccountConfig[],
    private readonly sealer: Pick<Sealer, "open">,
  ) {
    for (const [index, entry] of configured.entries()) this.add(entry, `accounts[${index}]`);
  }

  /** `at`: where it stands in the configuration. */
  private add(configured: AccountConfig, at: string): void {
    const { name, cessAccount, territory, readsNetwork, quota } = configured;
    const onChain = chainAccount(cessAccount, `account ${name}`, `${at}.cessAccount`);
    const account: Account = {
      id: canonicalId(onChain),
      displayName: name,
      cessAccount: onChain,
      territory,
      ...(readsNetwork ? { readsNetwork } : {}),
      ...(quota ? { quota } : {}),
    };
    const present = this.byId.get(account.id);
    if (
      present &&
      (present.displayName !== name ||
        present.territory !== territory ||
        present.readsNetwork !== account.readsNetwork ||
        present.quota?.bytes !== quota?.bytes ||
        present.quota?.objects !== quota?.objects)
    ) {
      throw new ConfigError(
        `the CESS account ${cessAccount} is configured twice, with different names, territories, quotas or rights`,
        { key: `${at}.cessAccount` },
      );
    }
    this.byId.set(account.id, present ?? account);
    this.addKey(name, configured, at, present ?? account);
    for (const [index, key] of (configured.keys ?? []).entries()) {
      const place = `${at}.keys[${index}]`;
      this.addKey(name, key, place, present ?? account, { limits: limitsOf(key), ...policiesOf(name, key, place) });
    }
  }

  private addKey(name: string, key: KeyConfig, at: string, account: Account, rights: KeyRights = {}): void {
    const { accessKeyId } = key;
    const secretAccessKey = this.secret(name, key, at);
    if (this.byAccessKey.has(accessKeyId))
      throw new ConfigError(`the access key ${accessKeyId} is configured twice`, { key: `${at}.accessKeyId` });
    this.byAccessKey.set(accessKeyId, { accessKeyId, secretAccessKey, account, ...rights });
  }

  private secret(
    account: string,
    { accessKeyId, secretAccessKey, secretAccessKeyFile, secretAccessKeySealed }: KeyConfig,
    at: string,
  ): string {
    // The schema has checked this one, and that exactly one of the three is given.
    if (secretAccessKey !== undefined) return secretAccessKey;
    const name = secretAccessKeyFile === undefined ? "secretAccessKeySealed" : "secretAccessKeyFile";
    const key = `${at}.${name}`;
    const where = `${name} of access key ${accessKeyId} (account ${account})`;
    const secret =
      secretAccessKeyFile === undefined
        ? this.unseal(secretAccessKeySealed ?? "", accessKeyId, where, key)
        : readSecret(secretAccessKeyFile, where, key);
    const fault = secretFault(secret);
    if (fault === undefined) return secret;
    throw new ConfigError(
      `${where}: the secret ${secretAccessKeyFile === undefined ? "" : `in ${secretAccessKeyFile} `}${fault}`,
      { key },
    );
  }

  private unseal(sealed: string, accessKeyId: string, where: string, key: string): string {
    try {
      return this.sealer.open(sealed, secretPurpose(accessKeyId));
    } catch (cause) {
      throw new ConfigError(
        `${where} cannot be opened: ${(cause as Error).message}; seal the secret again with cess-s3 seal ${accessKeyId}`,
        { cause, key },
      );
    }
  }
}

type KeyConfig = Pick<
  AccountConfig,
  "accessKeyId" | "secretAccessKey" | "secretAccessKeyFile" | "secretAccessKeySealed"
>;

type KeyRights = Pick<AccessKey, "limits" | "policies">;

/** Throws ConfigError for a policy that cannot be read, or is none. */
function policiesOf(name: string, { accessKeyId, policy, policyFile }: LimitedKeyConfig, at: string): KeyRights {
  const found = configuredPolicy({ policy, policyFile }, `access key ${accessKeyId} (account ${name})`, at);
  return found ? { policies: [found] } : {};
}

function limitsOf({ buckets, prefixes, permission, expires }: LimitedKeyConfig): KeyLimits {
  return {
    permission,
    ...(buckets ? { buckets } : {}),
    ...(prefixes ? { prefixes } : {}),
    ...(expires === undefined ? {} : { expiresAt: Date.parse(expires) }),
  };
}

/** The public key of the CESS account in hex: 64 digits, as S3's canonical user IDs have. The owner is who pays. */
export function canonicalId(account: CessAccount): string {
  return Buffer.from(publicKeyOf(account)).toString("hex");
}

/** Throws ConfigError that names `where` for text that is no address; `key` is the setting that has it, if one does. */
export function chainAccount(text: string, where: string, key?: string): CessAccount {
  try {
    return parseAccount(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`${where}: ${why}`, { cause, ...(key === undefined ? {} : { key }) });
  }
}
