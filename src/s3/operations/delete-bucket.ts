import { onBucket } from "../access-rules.js";
import type { Operation } from "../operation.js";

export const deleteBucket: Operation<undefined, void> = {
  name: "DeleteBucket",
  match: { method: "DELETE", scope: "bucket" },
  access: onBucket("s3:DeleteBucket"),
  parse: () => undefined,
  run: ({ buckets }, _input, call) => buckets.delete(call),
  render: () => ({ status: 204, headers: {} }),
};
