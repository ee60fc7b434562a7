import type { LoggingConfiguration } from "../../model/access-log.js";
import type { WireDocument } from "../document-operations.js";
import type { S3Response } from "../operation.js";
import { readLogging, writeLogging } from "../wire/logging-document.js";

const response = (configuration: LoggingConfiguration | undefined): S3Response => ({
  status: 200,
  headers: { "Content-Type": "application/xml" },
  body: writeLogging(configuration),
});

export const bucketLogging: WireDocument<"logging"> = {
  document: "logging",
  query: "logging",
  get: { name: "GetBucketLogging", action: "s3:GetBucketLogging" },
  // Without `LoggingEnabled` it turns logging off.
  put: { name: "PutBucketLogging", action: "s3:PutBucketLogging", maxBytes: 128 * 1024 },
  read: readLogging,
  write: response,
  empty: () => response(undefined),
};
