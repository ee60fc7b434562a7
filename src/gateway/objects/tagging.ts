import type { Tag } from "../../model/tag.js";
import type { BucketCall } from "../call.js";
import type { ObjectKey } from "./objects.js";

export interface Tagged {
  readonly tags: readonly Tag[];
  readonly versionId?: string;
}

/** Tags of objects. Those of a bucket are a bucket document. */
export interface Tagging {
  get(call: BucketCall, name: ObjectKey): Promise<Tagged>;
  /** Replaces the tags; an empty list removes them. InvalidTag for tags beyond S3's limits. */
  set(call: BucketCall, name: ObjectKey, tags: readonly Tag[]): Promise<Tagged>;
}
