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

/** One text document for each sub-resource of a bucket, in whatever form its reader and writer agreed on. */
export interface ConfigurationCatalog {
  /** Undefined: never set, or deleted. */
  get(bucket: string, name: ConfigurationName): Promise<string | undefined>;
  /** All that is set on a bucket, in one read. */
  all(bucket: string): Promise<ReadonlyMap<ConfigurationName, string>>;
  /** Buckets where this is set, by name. */
  bucketsWith(name: ConfigurationName): Promise<string[]>;
  /** Sets or replaces; DomainError `noBucket`. The documents go with their bucket. */
  put(bucket: string, name: ConfigurationName, document: string): Promise<void>;
  delete(bucket: string, name: ConfigurationName): Promise<void>;
}
