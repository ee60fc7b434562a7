import { AdminRefusal } from "../../admin/admin-server.js";
import type { Catalog } from "../../catalog/catalog.js";
import type { CessAccount } from "../../model/account.js";
import { defined } from "../../model/defined.js";
import { SignUpRefusal, tooOften } from "../../sign-up/refusal.js";
import type { IssuedKey, KnownAccount, SignUpIdentities } from "../../sign-up/sign-up.js";
import { AccountAdmin, type AccountAdminComponents } from "./account-admin.js";
import { canonicalId } from "./configured-accounts.js";
import { KeyAdmin, type KeyAdminComponents } from "./key-admin.js";

/** Longer than anything takes that is done for one account, ms. */
const LEASE_MS = 60_000;
/** When to try again while another gateway works for the same account, ms. */
const RETRY_MS = 1_000;

export type SignedUpAccountsComponents = AccountAdminComponents &
  KeyAdminComponents & { readonly catalog: Pick<Catalog, "shared" | "locks"> };

/**
 * The accounts that wallets have made. Each has its CESS account for a name, which no operator gives: so they are told from
 * the operator's.
 */
export class SignedUpAccounts implements SignUpIdentities {
  private readonly accounts: AccountAdmin;
  private readonly keyAdmin: KeyAdmin;

  constructor(private readonly components: SignedUpAccountsComponents) {
    this.accounts = new AccountAdmin(components);
    this.keyAdmin = new KeyAdmin(components);
  }

  async alone<T>(name: string, work: () => Promise<T>): Promise<T> {
    const { accounts, catalog } = this.components;
    // A process that is alone takes its own in turn.
    if (!catalog.shared) return work();
    const lock = await catalog.locks.acquire(`sign-up:${name}`, LEASE_MS);
    if (!lock) throw tooOften(RETRY_MS);
    try {
      await accounts.current();
      return await work();
    } finally {
      // It ends by itself, too.
      await catalog.locks.release(lock).catch(() => undefined);
    }
  }

  find(account: CessAccount): KnownAccount | undefined {
    const { accounts } = this.components;
    const found = accounts.owner(canonicalId(account));
    return (
      found && {
        territory: found.territory,
        disabled: found.disabled === true,
        signedUp: found.displayName === account && !accounts.isConfigured(found.id),
      }
    );
  }

  count(): number {
    const { accounts } = this.components;
    return accounts.all.filter(
      ({ id, displayName, cessAccount }) => displayName === cessAccount && !accounts.isConfigured(id),
    ).length;
  }

  async add(account: CessAccount, territory: string): Promise<void> {
    await refusing(this.accounts.add({ name: account, cessAccount: account, territory }));
  }

  async keys(account: CessAccount): Promise<readonly IssuedKey[]> {
    const id = canonicalId(account);
    const stored = await this.components.catalog.identities.keys();
    return stored
      .filter((key) => key.account === id)
      .map(({ accessKeyId, createdAt, limits }) =>
        defined({
          accessKeyId,
          createdAt: new Date(createdAt).toISOString(),
          expires: limits?.expiresAt === undefined ? undefined : new Date(limits.expiresAt).toISOString(),
        }),
      );
  }

  async createKey(
    account: CessAccount,
    expiresAt: number | undefined,
  ): Promise<IssuedKey & { readonly secretAccessKey: string }> {
    const expires = expiresAt === undefined ? undefined : new Date(expiresAt).toISOString();
    const made = await refusing(this.keyAdmin.create(defined({ account, expires })));
    const { accessKeyId, secretAccessKey, createdAt = new Date().toISOString() } = made;
    return defined({ accessKeyId, secretAccessKey, createdAt, expires });
  }

  async revokeKey(accessKeyId: string): Promise<boolean> {
    try {
      await this.keyAdmin.revoke(accessKeyId);
      return true;
    } catch (error) {
      if (error instanceof AdminRefusal && error.status === 404) return false;
      throw error;
    }
  }
}

/** The operator has made an account of the same name or CESS account meanwhile, say. */
async function refusing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (cause instanceof AdminRefusal) throw new SignUpRefusal(cause.status, "Conflict", cause.message, { cause });
    throw cause;
  }
}
