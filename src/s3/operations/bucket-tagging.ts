import type { Tag } from "../../model/tag.js";
import { S3Error } from "../../gateway/s3-error.js";
import type { Operation } from "../operation.js";
import { readTags, taggingDocument, tagSet } from "../wire/tagging.js";
import { xmlResponse } from "../xml-response.js";

export const getBucketTagging: Operation<string, readonly Tag[]> = {
  name: "GetBucketTagging",
  match: { method: "GET", scope: "bucket", query: ["tagging"] },
  access: "read",
  parse: ({ bucket }) => bucket,
  run: ({ tagging }, bucket, call) => tagging.ofBucket(call, bucket),
  render: (tags) => xmlResponse(taggingDocument, tagSet(tags)),
};

export const putBucketTagging: Operation<{ readonly bucket: string; readonly tags: readonly Tag[] }, void> = {
  name: "PutBucketTagging",
  match: { method: "PUT", scope: "bucket", query: ["tagging"] },
  access: "owner",
  digested: true,
  document: 128 * 1024,
  parse({ bucket, document }) {
    if (document === "") throw new S3Error("MissingRequestBodyError");
    return { bucket, tags: readTags(document) };
  },
  run: ({ tagging }, { bucket, tags }, call) => tagging.setBucket(call, bucket, tags),
  render: () => ({ status: 204, headers: {} }),
};

export const deleteBucketTagging: Operation<string, void> = {
  name: "DeleteBucketTagging",
  match: { method: "DELETE", scope: "bucket", query: ["tagging"] },
  access: "owner",
  parse: ({ bucket }) => bucket,
  run: ({ tagging }, bucket, call) => tagging.deleteBucket(call, bucket),
  render: () => ({ status: 204, headers: {} }),
};
