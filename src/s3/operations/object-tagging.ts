import type { ObjectKey, Tagged } from "../../gateway/gateway.js";
import type { Tag } from "../../model/tag.js";
import { S3Error } from "../../gateway/s3-error.js";
import { onObject } from "../access-rules.js";
import type { Operation } from "../operation.js";
import { requestedObject } from "../wire/object-name.js";
import { readTags, tagConditions, taggingDocument, tagSet } from "../wire/tagging.js";
import { xmlResponse } from "../xml-response.js";

export const getObjectTagging: Operation<ObjectKey, Tagged> = {
  name: "GetObjectTagging",
  match: { method: "GET", scope: "object", query: ["tagging"] },
  access: onObject("s3:GetObjectTagging"),
  parse: requestedObject,
  run: ({ tagging }, name, call) => tagging.get(call, name),
  render: ({ tags, versionId }) => xmlResponse(taggingDocument, tagSet(tags), { "x-amz-version-id": versionId }),
};

export const putObjectTagging: Operation<{ readonly name: ObjectKey; readonly tags: readonly Tag[] }, Tagged> = {
  name: "PutObjectTagging",
  match: { method: "PUT", scope: "object", query: ["tagging"] },
  access: onObject("s3:PutObjectTagging"),
  document: 128 * 1024,
  conditions: (document) => tagConditions(readTags(document)),
  parse(request) {
    if (request.document === "") throw new S3Error("MissingRequestBodyError");
    return { name: requestedObject(request), tags: readTags(request.document) };
  },
  run: ({ tagging }, { name, tags }, call) => tagging.set(call, name, tags),
  render: ({ versionId }) => ({ status: 200, headers: { "x-amz-version-id": versionId } }),
};

export const deleteObjectTagging: Operation<ObjectKey, Tagged> = {
  name: "DeleteObjectTagging",
  match: { method: "DELETE", scope: "object", query: ["tagging"] },
  access: onObject("s3:DeleteObjectTagging"),
  parse: requestedObject,
  run: ({ tagging }, name, call) => tagging.set(call, name, []),
  render: ({ versionId }) => ({ status: 204, headers: { "x-amz-version-id": versionId } }),
};
