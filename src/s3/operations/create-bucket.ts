import type { CreateBucketOutput, CreateBucketRequest } from "@aws-sdk/client-s3";
import { S3Error } from "../../model/errors.js";
import type { OfBucket, Operation } from "../operation.js";
import { createBucketConfiguration } from "../wire/documents.js";
import { readXml } from "../wire/xml-reader.js";

type Input = OfBucket<CreateBucketRequest> & { readonly ObjectLockEnabledForBucket: boolean };

export const createBucket: Operation<Input, CreateBucketOutput> = {
  name: "CreateBucket",
  match: { method: "PUT", scope: "bucket" },
  access: "owner",
  document: 64 * 1024,
  parse({ bucket, document, region, headers }) {
    const ObjectLockEnabledForBucket = headers.get("x-amz-bucket-object-lock-enabled")?.toLowerCase() === "true";
    if (document.trim() === "") return { Bucket: bucket, ObjectLockEnabledForBucket };
    const configuration = readXml(document, createBucketConfiguration);
    const { LocationConstraint: wanted } = configuration;
    // Clients that do not know better name us-east-1, or nothing at all.
    if (wanted && wanted !== region) {
      throw new S3Error("InvalidLocationConstraint", { fields: { LocationConstraint: wanted.slice(0, 100), Region: region } });
    }
    return { Bucket: bucket, CreateBucketConfiguration: configuration, ObjectLockEnabledForBucket };
  },
  async run({ buckets }, { Bucket, ObjectLockEnabledForBucket: objectLock }, call) {
    const { name } = await buckets.create(call, Bucket, { objectLock });
    return { Location: `/${name}` };
  },
  render: ({ Location }) => ({ status: 200, headers: { Location } }),
};
