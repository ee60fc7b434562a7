import { DomainError } from "./errors.js";
import { globOf, matchesGlob, type Glob } from "./glob.js";
import { ARN, type Policy } from "./policy.js";

const named = (names: string) =>
  new Set(
    names
      .trim()
      .split(/\s+/)
      .map((name) => `s3:${name.toLowerCase()}`),
  );

/** Actions whose resource is `bucket/key`. */
const objectActions = named(`
  AbortMultipartUpload BypassGovernanceRetention DeleteObject DeleteObjectTagging DeleteObjectVersion DeleteObjectVersionTagging
  GetObject GetObjectAcl GetObjectAttributes GetObjectLegalHold GetObjectRetention GetObjectTagging GetObjectTorrent
  GetObjectVersion GetObjectVersionAcl GetObjectVersionAttributes GetObjectVersionForReplication GetObjectVersionTagging
  GetObjectVersionTorrent InitiateReplication ListMultipartUploadParts ObjectOwnerOverrideToBucketOwner PutObject PutObjectAcl
  PutObjectLegalHold PutObjectRetention PutObjectTagging PutObjectVersionAcl PutObjectVersionTagging ReplicateDelete
  ReplicateObject ReplicateTags RestoreObject UpdateObjectEncryption
`);

/** Actions whose resource is the bucket. */
const bucketActions = named(`
  CreateBucket CreateBucketMetadataTableConfiguration DeleteBucket DeleteBucketMetadataTableConfiguration DeleteBucketPolicy
  DeleteBucketWebsite GetAccelerateConfiguration GetAnalyticsConfiguration GetBucketAbac GetBucketAcl GetBucketCORS GetBucketLocation
  GetBucketLogging GetBucketMetadataTableConfiguration GetBucketNotification GetBucketObjectLockConfiguration
  GetBucketOwnershipControls GetBucketPolicy GetBucketPolicyStatus GetBucketPublicAccessBlock GetBucketRequestPayment
  GetBucketTagging GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration GetIntelligentTieringConfiguration
  GetInventoryConfiguration GetLifecycleConfiguration GetMetricsConfiguration GetReplicationConfiguration ListBucket
  ListBucketMultipartUploads ListBucketVersions ListTagsForResource PutAccelerateConfiguration PutAnalyticsConfiguration
  PutBucketAbac PutBucketAcl PutBucketCORS PutBucketLogging PutBucketNotification PutBucketObjectLockConfiguration
  PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock PutBucketRequestPayment PutBucketTagging
  PutBucketVersioning PutBucketWebsite PutEncryptionConfiguration PutIntelligentTieringConfiguration PutInventoryConfiguration
  PutLifecycleConfiguration PutMetricsConfiguration PutReplicationConfiguration TagResource UntagResource
  UpdateBucketMetadataAnnotationTableConfiguration UpdateBucketMetadataInventoryTableConfiguration
  UpdateBucketMetadataJournalTableConfiguration
`);

/** Whether an action's resource is `bucket/key`. The resource of other actions is the bucket. */
export function isObjectAction(action: string): boolean {
  return objectActions.has(action.toLowerCase());
}

/**
 * Throws a DomainError `invalidPolicy` for an action that does not exist, or that applies to none of its statement's
 * resources. Checked when a policy is set, and not when it is read: older policies stay in effect.
 */
export function requireActions({ statements }: Policy): void {
  for (const { actions, resources } of statements) {
    const toObjects = resources.not || resources.patterns.some((resource) => /[/*]/.test(resource.slice(ARN.length)));
    const toBucket = resources.not || resources.patterns.some((resource) => !resource.slice(ARN.length).includes("/"));
    for (const pattern of actions.patterns) {
      const glob = globOf(pattern);
      const [ofObjects, ofBuckets] = [someMatch(objectActions, glob), someMatch(bucketActions, glob)];
      if (!ofObjects && !ofBuckets)
        throw new DomainError({ kind: "invalidPolicy" }, `Policy has invalid action: ${pattern.slice(0, 60)}`);
      if (actions.not || (ofObjects && toObjects) || (ofBuckets && toBucket)) continue;
      throw new DomainError(
        { kind: "invalidPolicy", action: pattern.slice(0, 60) },
        "Action does not apply to any resource(s) in statement",
      );
    }
  }
}

function someMatch(actions: ReadonlySet<string>, glob: Glob): boolean {
  return [...actions].some((action) => matchesGlob(glob, action));
}
