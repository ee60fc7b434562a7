import type { GetBucketLocationOutput, GetBucketLocationRequest } from "@aws-sdk/client-s3";
import type { OfBucket, Operation } from "../operation.js";
import { S3_NAMESPACE } from "../wire/xml-schema.js";
import { escapeXml, XML_DECLARATION } from "../wire/xml-writer.js";

/** The region is the text of the root element. It is empty for us-east-1, as on AWS. */
export const getBucketLocation: Operation<OfBucket<GetBucketLocationRequest>, GetBucketLocationOutput> = {
  name: "GetBucketLocation",
  match: { method: "GET", scope: "bucket", query: ["location"] },
  access: "read",
  parse: ({ bucket }) => ({ Bucket: bucket }),
  async run({ buckets }, { Bucket }, call) {
    const { region } = await buckets.get(call, Bucket);
    return region === "us-east-1"
      ? {}
      : { LocationConstraint: region as NonNullable<GetBucketLocationOutput["LocationConstraint"]> };
  },
  render: ({ LocationConstraint = "" }) => ({
    status: 200,
    headers: { "Content-Type": "application/xml" },
    body: `${XML_DECLARATION}<LocationConstraint xmlns="${S3_NAMESPACE}">${escapeXml(LocationConstraint)}</LocationConstraint>`,
  }),
};
