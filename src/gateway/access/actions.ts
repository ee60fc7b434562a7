/** The action of S3's permissions that an operation asks for, where it is not the operation's own name. */
const renamed: Readonly<Record<string, string>> = {
  AbortMultipartUpload: "AbortMultipartUpload",
  CompleteMultipartUpload: "PutObject",
  CopyObject: "PutObject",
  CreateMultipartUpload: "PutObject",
  PostObject: "PutObject",
  UploadPart: "PutObject",
  UploadPartCopy: "PutObject",
  HeadObject: "GetObject",
  HeadBucket: "ListBucket",
  ListObjects: "ListBucket",
  ListObjectsV2: "ListBucket",
  ListObjectVersions: "ListBucketVersions",
  ListMultipartUploads: "ListBucketMultipartUploads",
  ListParts: "ListMultipartUploadParts",
  PutBucketLifecycleConfiguration: "PutLifecycleConfiguration",
  GetBucketLifecycleConfiguration: "GetLifecycleConfiguration",
  DeleteBucketLifecycle: "PutLifecycleConfiguration",
  PutBucketCors: "PutBucketCORS",
  GetBucketCors: "GetBucketCORS",
  DeleteBucketCors: "PutBucketCORS",
  PutBucketEncryption: "PutEncryptionConfiguration",
  GetBucketEncryption: "GetEncryptionConfiguration",
  DeleteBucketEncryption: "PutEncryptionConfiguration",
  PutBucketNotificationConfiguration: "PutBucketNotification",
  GetBucketNotificationConfiguration: "GetBucketNotification",
  DeleteBucketTagging: "PutBucketTagging",
  PutObjectLockConfiguration: "PutBucketObjectLockConfiguration",
  GetObjectLockConfiguration: "GetBucketObjectLockConfiguration",
  PutPublicAccessBlock: "PutBucketPublicAccessBlock",
  GetPublicAccessBlock: "GetBucketPublicAccessBlock",
  DeletePublicAccessBlock: "PutBucketPublicAccessBlock",
  DeleteBucketOwnershipControls: "PutBucketOwnershipControls",
  GetBucketReplication: "GetReplicationConfiguration",
  GetBucketAccelerateConfiguration: "GetAccelerateConfiguration",
  PutBucketAccelerateConfiguration: "PutAccelerateConfiguration",
  DeleteBucketReplication: "PutReplicationConfiguration",
};

/** Actions that have a second name for a certain version of an object. */
const versioned = new Map([
  ["GetObject", "GetObjectVersion"],
  ["GetObjectAcl", "GetObjectVersionAcl"],
  ["PutObjectAcl", "PutObjectVersionAcl"],
  ["DeleteObject", "DeleteObjectVersion"],
  ["GetObjectTagging", "GetObjectVersionTagging"],
  ["PutObjectTagging", "PutObjectVersionTagging"],
  ["DeleteObjectTagging", "DeleteObjectVersionTagging"],
  ["GetObjectAttributes", "GetObjectVersionAttributes"],
]);

export function actionOf(operation: string, versionId: string | undefined): string {
  const name = renamed[operation] ?? operation;
  return `s3:${(versionId === undefined ? undefined : versioned.get(name)) ?? name}`;
}

/** Actions that change nothing. */
export function isReading(action: string): boolean {
  return /^s3:(Get|List)/.test(action);
}

/** What an ACL's permission lets somebody do; of an object's ACL, and of its bucket's. */
export const objectPermissions = new Map([
  ["s3:GetObject", "READ"],
  ["s3:GetObjectVersion", "READ"],
  ["s3:GetObjectAttributes", "READ"],
  ["s3:GetObjectVersionAttributes", "READ"],
  ["s3:GetObjectAcl", "READ_ACP"],
  ["s3:GetObjectVersionAcl", "READ_ACP"],
  ["s3:PutObjectAcl", "WRITE_ACP"],
  ["s3:PutObjectVersionAcl", "WRITE_ACP"],
] as const);
export const bucketPermissions = new Map([
  ["s3:ListBucket", "READ"],
  ["s3:ListBucketVersions", "READ"],
  ["s3:ListBucketMultipartUploads", "READ"],
  ["s3:PutObject", "WRITE"],
  ["s3:DeleteObject", "WRITE"],
  ["s3:GetBucketAcl", "READ_ACP"],
  ["s3:PutBucketAcl", "WRITE_ACP"],
] as const);

/** The owner can always repair a policy that shuts everybody out; nobody else ever touches it. */
export const policyActions: readonly string[] = ["s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"];
