import type { Quota, Usage } from "../../model/quota.js";

/** What buckets hold, counted in the transactions that change it, and their quotas. */
export interface UsageCatalog {
  /** No quota for a bucket that does not exist. Remembered like the bucket: it may be what it was when the request began. */
  quota(bucket: string): Promise<Quota>;
  /** All zero, and no quota, for a bucket that never held anything or does not exist. */
  bucket(name: string): Promise<{ readonly usage: Usage; readonly quota: Quota }>;
  /** What all buckets of an owner hold together. */
  owner(id: string): Promise<Usage>;
  /** Sets or, without members, removes the quota of a bucket. Rejects with DomainError `noBucket`. */
  setQuota(bucket: string, quota: Quota): Promise<void>;
}
