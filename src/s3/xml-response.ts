import type { S3Response } from "./operation.js";
import type { XmlDocument } from "./wire/xml-schema.js";
import { writeElement, XML_DECLARATION } from "./wire/xml-writer.js";

export function xmlResponse<T extends object>(
  document: XmlDocument<T>,
  value: T,
  headers: S3Response["headers"] = {},
): S3Response {
  return {
    status: 200,
    headers: { ...headers, "Content-Type": "application/xml" },
    body: XML_DECLARATION + writeElement(document, value),
  };
}
