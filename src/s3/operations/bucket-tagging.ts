import type { WireDocument } from "../document-operations.js";
import { readTags, taggingDocument, tagSet } from "../wire/tagging.js";
import { xmlResponse } from "../xml-response.js";

export const bucketTagging: WireDocument<"tagging"> = {
  document: "tagging",
  query: "tagging",
  get: { name: "GetBucketTagging", action: "s3:GetBucketTagging" },
  put: {
    name: "PutBucketTagging",
    action: "s3:PutBucketTagging",
    maxBytes: 128 * 1024,
    digested: true,
    status: 204,
  },
  delete: { name: "DeleteBucketTagging", action: "s3:PutBucketTagging" },
  read: readTags,
  write: (tags) => xmlResponse(taggingDocument, tagSet(tags)),
};
