import type { AclRequest } from "../../model/acl.js";
import type { Bucket } from "../../model/bucket.js";
import type { ObjectOwnership } from "../../model/public-access.js";
import type { Tag } from "../../model/tag.js";
import type { BucketCall, Call } from "../call.js";

export interface NewBucket {
  readonly objectLock?: boolean;
  /** Of the objects others put; the gateway's own choice by default. */
  readonly ownership?: ObjectOwnership;
  readonly acl?: AclRequest;
  readonly tags?: readonly Tag[];
}

export interface Buckets {
  /**
   * InvalidBucketName, BucketAlreadyExists (another's), BucketAlreadyOwnedByYou. In us-east-1, as on AWS, one's own
   * again is a success that sets its ACL anew.
   */
  create(call: Call, name: string, request?: NewBucket): Promise<Bucket>;
  list(call: Call): Promise<readonly Bucket[]>;
  /** BucketNotEmpty. */
  delete(call: BucketCall): Promise<void>;
}
