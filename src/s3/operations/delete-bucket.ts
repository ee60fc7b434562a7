import type { DeleteBucketRequest } from "@aws-sdk/client-s3";
import type { OfBucket, Operation } from "../operation.js";

export const deleteBucket: Operation<OfBucket<DeleteBucketRequest>, void> = {
  name: "DeleteBucket",
  match: { method: "DELETE", scope: "bucket" },
  access: "owner",
  parse: ({ bucket }) => ({ Bucket: bucket }),
  run: ({ buckets }, { Bucket }, call) => buckets.delete(call, Bucket),
  render: () => ({ status: 204, headers: {} }),
};
