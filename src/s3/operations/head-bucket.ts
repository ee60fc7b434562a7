import type { HeadBucketOutput, HeadBucketRequest } from "@aws-sdk/client-s3";
import { S3Error } from "../../model/errors.js";
import type { OfBucket, Operation } from "../operation.js";

type Input = OfBucket<HeadBucketRequest> & { readonly Region: string };

export const headBucket: Operation<Input, HeadBucketOutput> = {
  name: "HeadBucket",
  match: { method: "HEAD", scope: "bucket" },
  access: "read",
  parse: ({ bucket, region }) => ({ Bucket: bucket, Region: region }),
  async run({ buckets }, { Bucket, Region }, call) {
    try {
      const { region } = await buckets.get(call, Bucket);
      return { BucketRegion: region, AccessPointAlias: false };
    } catch (failure) {
      if (!(failure instanceof S3Error) || failure.kind !== "AccessDenied") throw failure;
      // SDKs also read the bucket's region from a refusal, to send the request there.
      throw new S3Error(failure.kind, { ...failure.details, headers: { "x-amz-bucket-region": Region } });
    }
  },
  render: ({ BucketRegion }) => ({
    status: 200,
    headers: {
      "x-amz-bucket-region": BucketRegion,
      "x-amz-access-point-alias": "false",
      "Content-Type": "application/xml",
    },
  }),
};
