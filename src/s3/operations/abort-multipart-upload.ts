import type { UploadCall } from "../../gateway/gateway.js";
import { onUpload } from "../access-rules.js";
import type { Operation } from "../operation.js";

export const abortMultipartUpload: Operation<undefined, void, UploadCall> = {
  name: "AbortMultipartUpload",
  match: { method: "DELETE", scope: "object", query: ["uploadId"] },
  access: onUpload("s3:AbortMultipartUpload", "also"),
  parse: () => undefined,
  run: ({ uploads }, _input, call) => uploads.abort(call),
  render: () => ({ status: 204, headers: {} }),
};
