/** Actions that have another name when the request names a version. */
const versioned = new Map([
  ["s3:GetObject", "s3:GetObjectVersion"],
  ["s3:GetObjectAcl", "s3:GetObjectVersionAcl"],
  ["s3:PutObjectAcl", "s3:PutObjectVersionAcl"],
  ["s3:DeleteObject", "s3:DeleteObjectVersion"],
  ["s3:GetObjectTagging", "s3:GetObjectVersionTagging"],
  ["s3:PutObjectTagging", "s3:PutObjectVersionTagging"],
  ["s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"],
  ["s3:GetObjectAttributes", "s3:GetObjectVersionAttributes"],
]);

/** The action's name in policies: its `…Version` form if the request names a version. */
export function forVersion(action: string, versionId: string | undefined): string {
  return (versionId === undefined ? undefined : versioned.get(action)) ?? action;
}

/** Actions that change nothing. */
export function isReading(action: string): boolean {
  return /^s3:(Get|List)/.test(action);
}

/** The ACL permission that allows an action, in an object's own ACL. */
export const objectPermissions: ReadonlyMap<string, "READ" | "READ_ACP" | "WRITE_ACP"> = new Map([
  ["s3:GetObject", "READ"],
  ["s3:GetObjectVersion", "READ"],
  ["s3:GetObjectAttributes", "READ"],
  ["s3:GetObjectVersionAttributes", "READ"],
  ["s3:GetObjectAcl", "READ_ACP"],
  ["s3:GetObjectVersionAcl", "READ_ACP"],
  ["s3:PutObjectAcl", "WRITE_ACP"],
  ["s3:PutObjectVersionAcl", "WRITE_ACP"],
]);

/** The ACL permission that allows an action, in the bucket's ACL. */
export const bucketPermissions: ReadonlyMap<string, "READ" | "WRITE" | "READ_ACP" | "WRITE_ACP"> = new Map([
  ["s3:ListBucket", "READ"],
  ["s3:ListBucketVersions", "READ"],
  ["s3:ListBucketMultipartUploads", "READ"],
  ["s3:PutObject", "WRITE"],
  ["s3:DeleteObject", "WRITE"],
  ["s3:GetBucketAcl", "READ_ACP"],
  ["s3:PutBucketAcl", "WRITE_ACP"],
]);

/** Only the bucket's owner may do these, and no policy can deny them: an owner must be able to repair a policy. */
export const policyActions: readonly string[] = ["s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"];
