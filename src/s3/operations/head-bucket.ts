import type { HeadBucketOutput } from "@aws-sdk/client-s3";
import { onBucket } from "../access-rules.js";
import type { Operation } from "../operation.js";

export const headBucket: Operation<undefined, HeadBucketOutput> = {
  name: "HeadBucket",
  match: { method: "HEAD", scope: "bucket" },
  access: onBucket("s3:ListBucket", { probe: true }),
  refusalTellsRegion: true,
  parse: () => undefined,
  run: (_gateway, _input, { bucket }) => Promise.resolve({ BucketRegion: bucket.region, AccessPointAlias: false }),
  render: ({ BucketRegion }) => ({
    status: 200,
    headers: {
      "x-amz-bucket-region": BucketRegion,
      "x-amz-access-point-alias": "false",
      "Content-Type": "application/xml",
    },
  }),
};
