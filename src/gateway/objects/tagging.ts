import type { Tag } from "../../model/tag.js";
import type { BucketCall } from "../call.js";
import type { ObjectKey } from "./objects.js";

export interface Tagged {
  readonly tags: readonly Tag[];
  readonly versionId?: string;
}

/** InvalidTag for a set beyond S3's limits. */
export interface Tagging {
  /** NoSuchTagSet. */
  ofBucket(call: BucketCall): Promise<readonly Tag[]>;
  setBucket(call: BucketCall, tags: readonly Tag[]): Promise<void>;
  deleteBucket(call: BucketCall): Promise<void>;
  ofObject(call: BucketCall, name: ObjectKey): Promise<Tagged>;
  /** None: removes them. */
  setObject(call: BucketCall, name: ObjectKey, tags: readonly Tag[]): Promise<Tagged>;
}

