import type { AbortMultipartUploadRequest } from "@aws-sdk/client-s3";
import type { Operation, Served } from "../operation.js";

export const abortMultipartUpload: Operation<Served<AbortMultipartUploadRequest>, void> = {
  name: "AbortMultipartUpload",
  match: { method: "DELETE", scope: "object", query: ["uploadId"] },
  access: "write",
  parse: ({ bucket, key, query }) => ({ Bucket: bucket, Key: key, UploadId: query.get("uploadId") }),
  run: ({ uploads }, { Bucket: bucket, Key: key, UploadId = "" }, call) =>
    uploads.abort(call, { bucket, key }, UploadId),
  render: () => ({ status: 204, headers: {} }),
};
