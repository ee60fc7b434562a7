import type { HeadBucketOutput, HeadBucketRequest } from "@aws-sdk/client-s3";
import type { OfBucket, Operation } from "../operation.js";

export const headBucket: Operation<OfBucket<HeadBucketRequest>, HeadBucketOutput> = {
  name: "HeadBucket",
  match: { method: "HEAD", scope: "bucket" },
  access: "read",
  parse: ({ bucket }) => ({ Bucket: bucket }),
  async run({ buckets }, { Bucket }, call) {
    const { region } = await buckets.get(call, Bucket);
    return { BucketRegion: region, AccessPointAlias: false };
  },
  render: ({ BucketRegion }) => ({
    status: 200,
    headers: { "x-amz-bucket-region": BucketRegion, "x-amz-access-point-alias": "false", "Content-Type": "application/xml" },
  }),
};
