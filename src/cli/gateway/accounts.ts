import { LRUCache } from "lru-cache";
import type { Catalog, StoredAccount, StoredKey } from "../../catalog/catalog.js";
import type { AccountConfig } from "../../config/account.js";
import { ConfigError } from "../../config/config-error.js";
import type { AccessKey, Account } from "../../model/account.js";
import { defined } from "../../model/defined.js";
import type { Policy } from "../../model/policy.js";
import { parseIdentityPolicy } from "../../model/policy-document.js";
import type { Sealer } from "../../model/sealer.js";
import { secretPurpose } from "../secret-purpose.js";
import { ConfiguredAccounts } from "./configured-accounts.js";

/** Keys of the catalog that are kept in memory. */
const CACHED_KEYS = 10_000;

type Stored = Pick<Catalog, "identities" | "configuration">;

/**
 * All accounts and access keys: those of the configuration, and those that an operator has added, which are in the
 * catalog. Accounts are in memory; keys of the catalog are read when they are first used. Whoever changes the catalog's
 * accounts or keys calls `refresh` before the change counts as done, and what other processes change is found by
 * `current`: from then on no request sees what was before.
 */
export class Accounts {
  private configured: ConfiguredAccounts;
  private catalog: Stored | undefined;
  /** The catalog's mark, when its accounts were read. */
  private mark: number | undefined;
  private stored: ReadonlyMap<string, Account> = new Map();
  private readonly keys = new LRUCache<string, AccessKey>({ max: CACHED_KEYS });
  /** Counts refreshes: a key that was read before one is not cached after it. */
  private refreshes = 0;
  private refreshing: Promise<void> = Promise.resolve();

  /** Throws ConfigError. `sealer` opens secrets that are sealed. */
  constructor(
    configured: readonly AccountConfig[],
    private readonly sealer: Pick<Sealer, "open">,
  ) {
    this.configured = new ConfiguredAccounts(configured, sealer);
  }

  /** Adds the accounts and keys of the catalog. Rejects with ConfigError where the configuration has one of them, too. */
  async load(catalog: Stored): Promise<void> {
    this.catalog = catalog;
    await requireDistinct(this.configured, catalog);
    await this.refresh();
  }

  /** Takes other accounts and keys from the configuration. Rejects with ConfigError, and keeps those that it has. */
  async replace(configured: readonly AccountConfig[]): Promise<void> {
    const next = new ConfiguredAccounts(configured, this.sealer);
    if (this.catalog) await requireDistinct(next, this.catalog);
    this.configured = next;
    await this.refresh();
  }

  /**
   * To be awaited when a request arrives, before anything is decided: what other processes have changed until then in the
   * catalog, accounts, keys, buckets and their documents, counts from now on. Costs nothing where there are none.
   */
  async current(): Promise<void> {
    if (!this.catalog) return;
    const { identities } = await this.catalog.configuration.refresh();
    if (identities !== this.mark) await this.refresh();
  }

  /** Reads the catalog's accounts anew, and forgets its keys. One after the other: the last to end has seen everything. */
  refresh(): Promise<void> {
    this.refreshing = this.refreshing.then(
      () => this.reread(),
      () => this.reread(),
    );
    return this.refreshing;
  }

  private async reread(): Promise<void> {
    if (!this.catalog) return;
    // The mark first: accounts that are newer than it are read once more than need be.
    const { identities } = await this.catalog.configuration.refresh();
    const accounts = await this.catalog.identities.accounts();
    this.stored = new Map(accounts.map((each) => [each.id, toAccount(each)]));
    this.mark = identities;
    this.refreshes++;
    this.keys.clear();
  }

  /** A permanent access key; undefined for one that does not exist, was revoked, or whose account is disabled. */
  readonly lookup = async (accessKeyId: string): Promise<AccessKey | undefined> => {
    const key = this.configured.byAccessKey.get(accessKeyId) ?? this.keys.get(accessKeyId);
    if (key) return key;
    const { refreshes } = this;
    const stored = await this.catalog?.identities.key(accessKeyId);
    const account = stored && this.owner(stored.account);
    if (!account || account.disabled) return undefined;
    const opened = this.open(stored, account);
    if (refreshes === this.refreshes) this.keys.set(accessKeyId, opened);
    return opened;
  };

  /** An account by its canonical ID, also when it is disabled: what it owns remains. */
  readonly owner = (id: string): Account | undefined => this.configured.byId.get(id) ?? this.stored.get(id);

  readonly named = (name: string): Account | undefined => this.all.find(({ displayName }) => displayName === name);

  get all(): readonly Account[] {
    return [...this.configured.byId.values(), ...this.stored.values()];
  }

  /** Whether the configuration has an account of this canonical ID. */
  isConfigured(id: string): boolean {
    return this.configured.byId.has(id);
  }

  /** The access keys of the configuration. */
  get configuredKeys(): readonly AccessKey[] {
    return [...this.configured.byAccessKey.values()];
  }

  private open(stored: StoredKey, account: Account): AccessKey {
    const { accessKeyId, sealedSecret, limits, policy } = stored;
    return defined({
      accessKeyId,
      secretAccessKey: this.sealer.open(sealedSecret, secretPurpose(accessKeyId)),
      account,
      limits,
      policies: policy === undefined ? undefined : [storedPolicy(accessKeyId, policy)],
    });
  }
}

/** The policy was valid when it was stored: that it cannot be read is no mistake of the requester's. */
function storedPolicy(accessKeyId: string, text: string): Policy {
  try {
    return parseIdentityPolicy(text);
  } catch (cause) {
    throw new Error(`the catalog has a policy of the access key ${accessKeyId} that cannot be read`, { cause });
  }
}

function toAccount({ id, name, cessAccount, territory, readsNetwork, quota, disabledAt }: StoredAccount): Account {
  return defined({
    id,
    displayName: name,
    cessAccount,
    territory,
    readsNetwork: readsNetwork ? true : undefined,
    quota: Object.keys(quota).length === 0 ? undefined : quota,
    disabled: disabledAt === undefined ? undefined : (true as const),
  });
}

/** ConfigError where the configuration has an account or a key that the catalog has, too. */
async function requireDistinct(
  configured: ConfiguredAccounts,
  { identities }: Pick<Catalog, "identities">,
): Promise<void> {
  const names = new Set([...configured.byId.values()].map(({ displayName }) => displayName));
  for (const { id, name, cessAccount } of await identities.accounts()) {
    if (!configured.byId.has(id) && !names.has(name)) continue;
    throw new ConfigError(
      `the account ${name} with the CESS account ${cessAccount} is in the catalog, and the configuration has an account ` +
        `of that name or CESS account, too: remove one of them, with cess-s3 account remove ${name} or from accounts`,
    );
  }
  for (const { accessKeyId } of await identities.keys()) {
    if (!configured.byAccessKey.has(accessKeyId)) continue;
    throw new ConfigError(
      `the access key ${accessKeyId} is in the catalog, and in the configuration, too: remove one of them, with ` +
        `cess-s3 key revoke ${accessKeyId} or from accounts`,
    );
  }
}
