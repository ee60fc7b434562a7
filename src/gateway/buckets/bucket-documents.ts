import type { BucketDocument, DocumentName } from "../../model/bucket-documents.js";
import type { BucketCall } from "../call.js";

export interface SetOptions {
  /** Do not send a test event to the webhooks of a notification document. */
  readonly skipTest?: boolean;
}

/** What owners set on their buckets: the documents that S3 calls sub-resources. */
export interface BucketDocumentStore {
  /** Undefined if it was never set. An encryption document may also come from the operator's default. */
  find<Name extends DocumentName>(call: BucketCall, name: Name): Promise<BucketDocument<Name> | undefined>;
  /** Rejects with S3's error if the document was never set, such as NoSuchBucketPolicy. */
  get<Name extends DocumentName>(call: BucketCall, name: Name): Promise<BucketDocument<Name>>;
  /** Rejects with S3's error if this bucket cannot have the document (document-checks.ts). */
  set<Name extends DocumentName>(
    call: BucketCall,
    name: Name,
    document: BucketDocument<Name>,
    options?: SetOptions,
  ): Promise<void>;
  delete(call: BucketCall, name: DocumentName): Promise<void>;
  /** A document that is read without permission, before authentication. Undefined if it was never set; NoSuchBucket. */
  published<Name extends "cors" | "website">(bucket: string, name: Name): Promise<BucketDocument<Name> | undefined>;
}
