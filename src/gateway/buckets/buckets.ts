import type { AclRequest } from "../../model/acl.js";
import type { Bucket } from "../../model/bucket.js";
import type { ObjectOwnership } from "../../model/public-access.js";
import type { Tag } from "../../model/tag.js";
import type { BucketCall, Call } from "../call.js";

export interface NewBucket {
  readonly objectLock?: boolean;
  /** Who owns the objects that other accounts put; the gateway's setting by default. */
  readonly ownership?: ObjectOwnership;
  readonly acl?: AclRequest;
  readonly tags?: readonly Tag[];
}

export interface Buckets {
  /**
   * InvalidBucketName, BucketAlreadyExists (another account owns it), BucketAlreadyOwnedByYou. In us-east-1, creating
   * one's own bucket again succeeds and sets its ACL again, as on AWS.
   */
  create(call: Call, name: string, request?: NewBucket): Promise<Bucket>;
  /** The buckets of the call's account that its access key may use. */
  list(call: Call): Promise<readonly Bucket[]>;
  /** BucketNotEmpty. */
  delete(call: BucketCall): Promise<void>;
}
