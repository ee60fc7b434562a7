import type { RestoreObjectRequest } from "@aws-sdk/client-s3";
import type { ObjectKey } from "../../gateway/gateway.js";
import { S3Error } from "../../gateway/s3-error.js";
import { isArchived } from "../../model/object.js";
import { onObject } from "../access-rules.js";
import type { Operation } from "../operation.js";
import { requestedObject } from "../wire/object-name.js";
import { readXml } from "../wire/xml-reader.js";
import type { XmlDocument } from "../wire/xml-schema.js";

const document: XmlDocument<NonNullable<RestoreObjectRequest["RestoreRequest"]>> = {
  root: "RestoreRequest",
  fields: [{ element: "Days", type: "integer" }],
};

/** An object in an archive class can be read at any time, so it is treated as already restored. */
export const restoreObject: Operation<ObjectKey, void> = {
  name: "RestoreObject",
  match: { method: "POST", scope: "object", query: ["restore"] },
  access: onObject("s3:RestoreObject"),
  document: 64 * 1024,
  parse(request) {
    if (request.document !== "") readXml(request.document, document);
    return requestedObject(request);
  },
  async run({ objects }, name, call) {
    const { version } = await objects.head(call, name, { preconditions: {} });
    if (isArchived(version.content)) return;
    throw new S3Error("InvalidObjectState", {
      message: "Restore is not allowed for the object's current storage class",
      fields: { StorageClass: version.content.storageClass ?? "STANDARD" },
    });
  },
  render: () => ({ status: 200, headers: {} }),
};
