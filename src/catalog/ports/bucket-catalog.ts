import type { Bucket } from "../../model/bucket.js";
import type { ConfigurationName } from "./configuration-catalog.js";
import type { Released } from "./released.js";

export interface BucketCatalog {
  /**
   * `created` false: it was there already (the bucket returned may be another owner's). `configurations` are set with
   * it.
   */
  create(
    bucket: Omit<Bucket, "createdAt" | "versioning">,
    configurations?: ReadonlyMap<ConfigurationName, string>,
  ): Promise<{ readonly created: boolean; readonly bucket: Bucket }>;
  get(name: string): Promise<Bucket | undefined>;
  /** By name. */
  list(owner: string): Promise<Bucket[]>;
  /** DomainError `noBucket`, or `bucketNotEmpty` while it has a version or a delete marker; its open uploads are aborted. */
  delete(name: string): Promise<Released>;
}
