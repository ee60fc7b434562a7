import type { Tag } from "../../model/tag.js";
import type { BucketCall } from "../call.js";
import type { ObjectKey } from "./objects.js";

export interface Tagged {
  readonly tags: readonly Tag[];
  readonly versionId?: string;
}

/** Tags of objects; those of a bucket are a bucket document. */
export interface Tagging {
  of(call: BucketCall, name: ObjectKey): Promise<Tagged>;
  /** None: removes them. InvalidTag for a set beyond S3's limits. */
  set(call: BucketCall, name: ObjectKey, tags: readonly Tag[]): Promise<Tagged>;
}
