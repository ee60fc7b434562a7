import { PutBucketVersioningCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { s3, useBucket } from "./target.js";

/** A bucket with versioning enabled, and a way to write to it that tells the version ID. */
export function useVersionedBucket() {
  const bucket = useBucket();
  before(() => setVersioning("Enabled"));
  const setVersioning = (Status: "Enabled" | "Suspended") =>
    s3.send(new PutBucketVersioningCommand({ Bucket: bucket.name, VersioningConfiguration: { Status } }));
  const put = async (Key: string, Body = "x"): Promise<string> =>
    (await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body }))).VersionId ?? "";
  return { bucket, setVersioning, put };
}
