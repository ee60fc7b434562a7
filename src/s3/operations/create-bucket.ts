import type { CreateBucketOutput, CreateBucketRequest } from "@aws-sdk/client-s3";
import { S3Error } from "../../model/errors.js";
import type { OfBucket, Operation } from "../operation.js";
import { createBucketConfiguration } from "../wire/documents.js";
import { readXml } from "../wire/xml-reader.js";

export const createBucket: Operation<OfBucket<CreateBucketRequest>, CreateBucketOutput> = {
  name: "CreateBucket",
  match: { method: "PUT", scope: "bucket" },
  access: "owner",
  document: 64 * 1024,
  parse({ bucket, document, region }) {
    if (document.trim() === "") return { Bucket: bucket };
    const configuration = readXml(document, createBucketConfiguration);
    const { LocationConstraint: wanted } = configuration;
    // Clients that do not know better name us-east-1, or nothing at all.
    if (wanted && wanted !== region) {
      throw new S3Error("InvalidLocationConstraint", { fields: { LocationConstraint: wanted.slice(0, 100), Region: region } });
    }
    return { Bucket: bucket, CreateBucketConfiguration: configuration };
  },
  async run({ buckets }, { Bucket }, call) {
    const { name } = await buckets.create(call, Bucket);
    return { Location: `/${name}` };
  },
  render: ({ Location }) => ({ status: 200, headers: { Location } }),
};
