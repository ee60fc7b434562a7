import type { Clock } from "../model/clock.js";
import type { CessAccount } from "../model/account.js";
import { defined } from "../model/defined.js";
import type { Quota } from "../model/quota.js";
import type { IdentityCatalog, StoredAccount, StoredKey } from "./catalog.js";
import { raiseMark } from "./configuration-mark.js";
import { keyLimitsColumn } from "./json-columns.js";
import type { AccessKeyTable, AccountTable } from "./schema.js";
import type { Store, Tx } from "./store.js";

/** Accounts and access keys beside those of the configuration. */
export class IdentityTableCatalog implements IdentityCatalog {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
  ) {}

  async accounts(): Promise<StoredAccount[]> {
    return (await this.store.reads.selectFrom("accounts").selectAll().orderBy("name").execute()).map(toAccount);
  }

  addAccount(account: Omit<StoredAccount, "createdAt" | "disabledAt">): Promise<boolean> {
    return this.change(async (tx) => {
      const { numInsertedOrUpdatedRows } = await tx
        .insertInto("accounts")
        .values({
          id: account.id,
          name: account.name,
          cess_account: account.cessAccount,
          territory: account.territory,
          reads_network: account.readsNetwork ? 1 : 0,
          created_at: this.clock.now(),
          disabled_at: null,
          ...quotaColumns(account.quota),
        })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      return changed(numInsertedOrUpdatedRows);
    });
  }

  disableAccount(id: string): Promise<boolean> {
    const now = this.clock.now();
    return this.update(id, (row) => ({ disabled_at: row.disabled_at ?? now }));
  }

  enableAccount(id: string): Promise<boolean> {
    return this.update(id, () => ({ disabled_at: null }));
  }

  setAccountQuota(id: string, quota: Quota): Promise<boolean> {
    return this.update(id, () => quotaColumns(quota));
  }

  removeAccount(id: string): Promise<boolean> {
    return this.change(async (tx) => {
      await tx.deleteFrom("access_keys").where("account", "=", id).execute();
      const { numDeletedRows } = await tx.deleteFrom("accounts").where("id", "=", id).executeTakeFirst();
      return changed(numDeletedRows);
    });
  }

  async keys(): Promise<StoredKey[]> {
    return (await this.store.reads.selectFrom("access_keys").selectAll().orderBy("id").execute()).map(toKey);
  }

  async key(accessKeyId: string): Promise<StoredKey | undefined> {
    const row = await this.store.reads
      .selectFrom("access_keys")
      .selectAll()
      .where("id", "=", accessKeyId)
      .executeTakeFirst();
    return row && toKey(row);
  }

  addKey(key: Omit<StoredKey, "createdAt">): Promise<boolean> {
    return this.change(async (tx) => {
      const { numInsertedOrUpdatedRows } = await tx
        .insertInto("access_keys")
        .values({
          id: key.accessKeyId,
          account: key.account,
          secret: key.sealedSecret,
          limits: keyLimitsColumn.pack(key.limits),
          policy: key.policy ?? null,
          created_at: this.clock.now(),
        })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      return changed(numInsertedOrUpdatedRows);
    });
  }

  removeKey(accessKeyId: string): Promise<boolean> {
    return this.change(async (tx) => {
      const { numDeletedRows } = await tx.deleteFrom("access_keys").where("id", "=", accessKeyId).executeTakeFirst();
      return changed(numDeletedRows);
    });
  }

  private change<T>(write: (tx: Tx) => Promise<T>): Promise<T> {
    return this.store.write(async (tx) => {
      await raiseMark(tx, "identities");
      return write(tx);
    });
  }

  private update(id: string, change: (row: AccountTable) => Partial<AccountTable>): Promise<boolean> {
    return this.change(async (tx) => {
      const row = await tx.selectFrom("accounts").selectAll().where("id", "=", id).executeTakeFirst();
      if (!row) return false;
      await tx.updateTable("accounts").set(change(row)).where("id", "=", id).execute();
      return true;
    });
  }
}

const changed = (rows: bigint | undefined) => (rows ?? 0n) > 0n;

function quotaColumns({ bytes, objects }: Quota): Pick<AccountTable, "quota_bytes" | "quota_objects"> {
  return { quota_bytes: bytes ?? null, quota_objects: objects ?? null };
}

function toAccount(row: AccountTable): StoredAccount {
  return defined({
    id: row.id,
    name: row.name,
    cessAccount: row.cess_account as CessAccount,
    territory: row.territory,
    readsNetwork: row.reads_network === 1,
    createdAt: row.created_at,
    disabledAt: row.disabled_at ?? undefined,
    quota: defined({ bytes: row.quota_bytes ?? undefined, objects: row.quota_objects ?? undefined }),
  });
}

function toKey(row: AccessKeyTable): StoredKey {
  return defined({
    accessKeyId: row.id,
    account: row.account,
    sealedSecret: row.secret,
    limits: keyLimitsColumn.unpack(row.limits),
    policy: row.policy ?? undefined,
    createdAt: row.created_at,
  });
}
