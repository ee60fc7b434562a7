import type { Bucket } from "../../model/bucket.js";

/**
 * What an answer says of a version: nothing in a bucket that never had versioning, where every version is the null one.
 */
export function shownVersionId({ versioning }: Bucket, versionId: string): { readonly versionId?: string } {
  return versioning === undefined && versionId === "null" ? {} : { versionId };
}
