import type { Bucket } from "../../model/bucket.js";

/**
 * The version ID that an answer names. None in a bucket that never had versioning: there, every version is `null`.
 */
export function visibleVersionId({ versioning }: Bucket, versionId: string): { readonly versionId?: string } {
  return versioning === undefined && versionId === "null" ? {} : { versionId };
}
