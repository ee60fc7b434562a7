import type { ObjectLockRetention } from "@aws-sdk/client-s3";
import type { ObjectKey } from "../../gateway/gateway.js";
import { S3Error } from "../../gateway/s3-error.js";
import { retentionModes, type Retention } from "../../model/object-lock.js";
import { onObject } from "../access-rules.js";
import type { Operation } from "../operation.js";
import { bypassesGovernance } from "../wire/lock-headers.js";
import { requestedObject } from "../wire/object-name.js";
import { readXml } from "../wire/xml-reader.js";
import type { XmlDocument } from "../wire/xml-schema.js";
import { xmlResponse } from "../xml-response.js";

const document: XmlDocument<ObjectLockRetention> = {
  root: "Retention",
  fields: [
    { element: "Mode", type: "string" },
    { element: "RetainUntilDate", type: "timestamp" },
  ],
};

/** Undefined for an empty Retention, which removes the retention. MalformedXML, also where there is no document. */
function parseRetention(text: string): Retention | undefined {
  const { Mode, RetainUntilDate } = readXml(text, document);
  if (Mode === undefined && RetainUntilDate === undefined) return undefined;
  const mode = retentionModes.find((known) => known === Mode);
  if (!mode || !RetainUntilDate) throw new S3Error("MalformedXML");
  return { mode, until: RetainUntilDate.getTime() };
}

export const getObjectRetention: Operation<ObjectKey, Retention> = {
  name: "GetObjectRetention",
  match: { method: "GET", scope: "object", query: ["retention"] },
  access: onObject("s3:GetObjectRetention"),
  parse: requestedObject,
  run: ({ locks }, name, call) => locks.retention(call, name),
  render: ({ mode, until }) => xmlResponse(document, { Mode: mode, RetainUntilDate: new Date(until) }),
};

interface Change {
  readonly name: ObjectKey;
  readonly retention: Retention | undefined;
  readonly bypass: boolean;
}

export const putObjectRetention: Operation<Change, void> = {
  name: "PutObjectRetention",
  match: { method: "PUT", scope: "object", query: ["retention"] },
  access: onObject("s3:PutObjectRetention"),
  digested: true,
  document: 64 * 1024,
  conditions(document) {
    const retention = parseRetention(document);
    return retention
      ? {
          "s3:object-lock-mode": [retention.mode],
          "s3:object-lock-retain-until-date": [new Date(retention.until).toISOString()],
        }
      : {};
  },
  parse: (request) => ({
    name: requestedObject(request),
    retention: parseRetention(request.document),
    bypass: bypassesGovernance(request.headers),
  }),
  run: ({ locks }, { name, retention, bypass }, call) => locks.setRetention(call, name, retention, bypass),
  render: () => ({ status: 200, headers: {} }),
};
