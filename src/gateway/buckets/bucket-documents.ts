import type { BucketDocument, DocumentName } from "../../model/bucket-documents.js";
import type { BucketCall } from "../call.js";

export interface SetOptions {
  /** Webhooks of a notification document are not sent a test event. */
  readonly skipTest?: boolean;
}

/** What owners set on their buckets: the documents that S3 calls sub-resources. */
export interface BucketDocumentStore {
  /** Undefined where it was never set. An encryption document is there by the operator's default, too. */
  find<Name extends DocumentName>(call: BucketCall, name: Name): Promise<BucketDocument<Name> | undefined>;
  /** Rejects with S3's error for a document that was never set, as NoSuchBucketPolicy. */
  get<Name extends DocumentName>(call: BucketCall, name: Name): Promise<BucketDocument<Name>>;
  /** Rejects with what S3 says of a document that this bucket cannot have (document-checks.ts). */
  set<Name extends DocumentName>(
    call: BucketCall,
    name: Name,
    document: BucketDocument<Name>,
    options?: SetOptions,
  ): Promise<void>;
  delete(call: BucketCall, name: DocumentName): Promise<void>;
  /** What browsers may know of any bucket before anything is signed. Undefined where it was never set; NoSuchBucket. */
  published<Name extends "cors" | "website">(bucket: string, name: Name): Promise<BucketDocument<Name> | undefined>;
}
