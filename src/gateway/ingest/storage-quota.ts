import type { Catalog } from "../../catalog/catalog.js";
import type { Account } from "../../model/account.js";
import type { Bucket } from "../../model/bucket.js";
import { isProblem } from "../../model/errors.js";
import {
  addUsage,
  isUnlimited,
  NO_USAGE,
  requireQuota,
  type AccountQuota,
  type Usage,
  type UsageChange,
} from "../../model/quota.js";

export interface StorageQuotaComponents {
  readonly catalog: Catalog;
  readonly accounts: { owner(id: string): Account | undefined };
}

/** The operator's quotas on buckets and accounts. The catalog decides when it commits; this refuses before the body. */
export class StorageQuota {
  constructor(private readonly components: StorageQuotaComponents) {}

  /** The quota of a bucket owner's account, for the commit; undefined if it has none. */
  ofAccount(owner: string): AccountQuota | undefined {
    const account = this.components.accounts.owner(owner);
    return account?.quota && { ...account.quota, account: account.displayName };
  }

  /**
   * DomainError `quotaExceeded` where `added` bytes or objects will not fit. `replaced` finds what they take the place of;
   * it is only called where they would not fit otherwise. Nothing is reserved.
   */
  async require(
    { name, owner }: Pick<Bucket, "name" | "owner">,
    added: Partial<UsageChange>,
    replaced: () => Promise<Usage | undefined>,
  ): Promise<void> {
    const { usage: catalog } = this.components.catalog;
    const accountQuota = this.ofAccount(owner);
    const quota = await catalog.quota(name);
    // Few have one.
    if (accountQuota === undefined && isUnlimited(quota)) return;
    const { usage } = await catalog.bucket(name);
    const held = accountQuota ? await catalog.owner(owner) : NO_USAGE;
    const check = (change: UsageChange) => {
      requireQuota(quota, usage, change, `bucket ${name}`);
      if (accountQuota) requireQuota(accountQuota, held, change, `account ${accountQuota.account}`);
    };
    const change = { ...NO_USAGE, ...added };
    try {
      check(change);
    } catch (error) {
      const freed = isProblem(error, "quotaExceeded") ? await replaced() : undefined;
      if (!freed) throw error;
      check(addUsage(change, { bytes: -freed.bytes, uploadBytes: -freed.uploadBytes, objects: -freed.objects }));
    }
  }

  /** `require` for a new object: it replaces the current version, unless versioning keeps that. */
  requireObject(bucket: Bucket, key: string, size: number): Promise<void> {
    return this.require(bucket, { bytes: size, objects: 1 }, async () => {
      if (bucket.versioning === "Enabled") return undefined;
      // What was written before versioning has the version ID "null", and so has what is written while it is suspended.
      const current = await this.components.catalog.objects.get(bucket.name, key, "null");
      return current && { ...NO_USAGE, bytes: current.size, objects: current.deleteMarker ? 0 : 1 };
    });
  }
}
