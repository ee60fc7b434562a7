/** Sub-resources of a bucket that its owner can set. */
export const configurationNames = [
  "accelerate",
  "acl",
  "cors",
  "encryption",
  "lifecycle",
  "logging",
  "notification",
  "object-lock",
  "ownershipControls",
  "policy",
  "publicAccessBlock",
  "requestPayment",
  "tagging",
  "versioning",
  "website",
] as const;
export type ConfigurationName = (typeof configurationNames)[number];

/** One text document for each sub-resource of a bucket. The catalog does not interpret it. */
export interface ConfigurationCatalog {
  /** Undefined: never set, or deleted. */
  get(bucket: string, name: ConfigurationName): Promise<string | undefined>;
  /** All documents of a bucket, in one read. */
  all(bucket: string): Promise<ReadonlyMap<ConfigurationName, string>>;
  /** Names of the buckets that have this document, in order. */
  bucketsWith(name: ConfigurationName): Promise<string[]>;
  /** Sets or replaces. Rejects with DomainError `noBucket`. Documents are removed with their bucket. */
  put(bucket: string, name: ConfigurationName, document: string): Promise<void>;
  delete(bucket: string, name: ConfigurationName): Promise<void>;
}
