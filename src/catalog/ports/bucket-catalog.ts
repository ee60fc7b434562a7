import type { DocumentSet } from "../../model/bucket-documents.js";
import type { Bucket } from "../../model/bucket.js";
import type { Released } from "./released.js";

export interface BucketCatalog {
  /**
   * `created` false: it was there already (the bucket returned may be another owner's). `documents` are set with
   * it.
   */
  create(
    bucket: Omit<Bucket, "createdAt" | "versioning">,
    documents?: DocumentSet,
  ): Promise<{ readonly created: boolean; readonly bucket: Bucket }>;
  get(name: string): Promise<Bucket | undefined>;
  /** By name. */
  list(owner: string): Promise<Bucket[]>;
  /** DomainError `noBucket`, or `bucketNotEmpty` while it has a version or a delete marker; its open uploads are aborted. */
  delete(name: string): Promise<Released>;
}
