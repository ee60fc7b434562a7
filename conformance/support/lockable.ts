import {
  CreateBucketCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
} from "@aws-sdk/client-s3";
import { freshName, removeBucket, s3 } from "./target.js";

export const inAnHour = () => new Date(Math.ceil(Date.now() / 1000) * 1000 + 3_600_000);

/** A bucket with object lock, and what tests do to its objects. Only GOVERNANCE lets it be removed afterwards. */
export function useLockableBucket() {
  const bucket = { name: "" };
  before(async () => {
    bucket.name = freshName();
    await s3.send(new CreateBucketCommand({ Bucket: bucket.name, ObjectLockEnabledForBucket: true }));
  });
  after(() => removeBucket(bucket.name));
  const put = async (Key: string): Promise<string> =>
    (await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body: "x", ChecksumAlgorithm: "CRC32" })))
      .VersionId ?? "";
  const retain = (Key: string, RetainUntilDate: Date, BypassGovernanceRetention = false, VersionId?: string) =>
    s3.send(
      new PutObjectRetentionCommand({
        Bucket: bucket.name,
        Key,
        VersionId,
        BypassGovernanceRetention,
        Retention: { Mode: "GOVERNANCE", RetainUntilDate },
      }),
    );
  const hold = (Key: string, Status: "ON" | "OFF", VersionId?: string) =>
    s3.send(new PutObjectLegalHoldCommand({ Bucket: bucket.name, Key, VersionId, LegalHold: { Status } }));
  return { bucket, put, retain, hold };
}
