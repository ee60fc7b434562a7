import type { BucketDocument, BucketDocuments, DocumentName } from "../../model/bucket-documents.js";

/** What owners have set on their buckets: one document of each name. */
export interface DocumentCatalog {
  /** Undefined: never set, or deleted. DamagedDocument. */
  get<Name extends DocumentName>(bucket: string, name: Name): Promise<BucketDocument<Name> | undefined>;
  /** All documents of a bucket, in one read; undefined where there is no such bucket. */
  all(bucket: string): Promise<BucketDocuments | undefined>;
  /** Names of the buckets that have this document, in order. */
  bucketsWith(name: DocumentName): Promise<string[]>;
  /** Sets or replaces. Rejects with DomainError `noBucket`. Documents are removed with their bucket. */
  put<Name extends DocumentName>(bucket: string, name: Name, document: BucketDocument<Name>): Promise<void>;
  delete(bucket: string, name: DocumentName): Promise<void>;
}
