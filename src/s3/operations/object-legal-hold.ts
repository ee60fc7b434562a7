import type { ObjectLockLegalHold } from "@aws-sdk/client-s3";
import type { ObjectKey } from "../../gateway/gateway.js";
import { S3Error } from "../../gateway/s3-error.js";
import { onObject } from "../access-rules.js";
import type { Operation } from "../operation.js";
import { requestedObject } from "../wire/object-name.js";
import { readXml } from "../wire/xml-reader.js";
import type { XmlDocument } from "../wire/xml-schema.js";
import { xmlResponse } from "../xml-response.js";

const document: XmlDocument<ObjectLockLegalHold> = {
  root: "LegalHold",
  fields: [{ element: "Status", type: "string" }],
};

/** MalformedXML, also for an empty document. */
function readStatus(text: string): "ON" | "OFF" {
  const { Status } = readXml(text, document);
  if (Status !== "ON" && Status !== "OFF") throw new S3Error("MalformedXML");
  return Status;
}

export const getObjectLegalHold: Operation<ObjectKey, "ON" | "OFF"> = {
  name: "GetObjectLegalHold",
  match: { method: "GET", scope: "object", query: ["legal-hold"] },
  access: onObject("s3:GetObjectLegalHold"),
  parse: requestedObject,
  run: ({ locks }, name, call) => locks.legalHold(call, name),
  render: (Status) => xmlResponse(document, { Status }),
};

export const putObjectLegalHold: Operation<{ readonly name: ObjectKey; readonly status: "ON" | "OFF" }, void> = {
  name: "PutObjectLegalHold",
  match: { method: "PUT", scope: "object", query: ["legal-hold"] },
  access: onObject("s3:PutObjectLegalHold"),
  digested: true,
  document: 64 * 1024,
  conditions: (text) => ({ "s3:object-lock-legal-hold": [readStatus(text)] }),
  parse: (request) => ({ name: requestedObject(request), status: readStatus(request.document) }),
  run: ({ locks }, { name, status }, call) => locks.setLegalHold(call, name, status),
  render: () => ({ status: 200, headers: {} }),
};
