import type { ObjectName, Tagged } from "../../gateway/gateway.js";
import type { Tag } from "../../model/tag.js";
import { S3Error } from "../../gateway/s3-error.js";
import type { Operation } from "../operation.js";
import { requestedObject } from "../wire/object-name.js";
import { readTags, tagConditions, taggingDocument, tagSet } from "../wire/tagging.js";
import { xmlResponse } from "../xml-response.js";

export const getObjectTagging: Operation<ObjectName, Tagged> = {
  name: "GetObjectTagging",
  match: { method: "GET", scope: "object", query: ["tagging"] },
  access: "read",
  parse: requestedObject,
  run: ({ tagging }, name, call) => tagging.ofObject(call, name),
  render: ({ tags, versionId }) => xmlResponse(taggingDocument, tagSet(tags), { "x-amz-version-id": versionId }),
};

export const putObjectTagging: Operation<{ readonly name: ObjectName; readonly tags: readonly Tag[] }, Tagged> = {
  name: "PutObjectTagging",
  match: { method: "PUT", scope: "object", query: ["tagging"] },
  access: "write",
  document: 128 * 1024,
  conditions: (document) => tagConditions(readTags(document)),
  parse(request) {
    if (request.document === "") throw new S3Error("MissingRequestBodyError");
    return { name: requestedObject(request), tags: readTags(request.document) };
  },
  run: ({ tagging }, { name, tags }, call) => tagging.setObject(call, name, tags),
  render: ({ versionId }) => ({ status: 200, headers: { "x-amz-version-id": versionId } }),
};

export const deleteObjectTagging: Operation<ObjectName, Tagged> = {
  name: "DeleteObjectTagging",
  match: { method: "DELETE", scope: "object", query: ["tagging"] },
  access: "write",
  parse: requestedObject,
  run: ({ tagging }, name, call) => tagging.setObject(call, name, []),
  render: ({ versionId }) => ({ status: 204, headers: { "x-amz-version-id": versionId } }),
};
