import type { LoggingConfiguration } from "../../model/access-log.js";
import { S3Error } from "../../gateway/s3-error.js";
import type { Operation, S3Response } from "../operation.js";
import { readLogging, writeLogging } from "../wire/logging-document.js";

export const getBucketLogging: Operation<string, LoggingConfiguration | undefined> = {
  name: "GetBucketLogging",
  match: { method: "GET", scope: "bucket", query: ["logging"] },
  access: "owner",
  parse: ({ bucket }) => bucket,
  run: ({ accessLogs }, bucket, call) => accessLogs.get(call, bucket),
  render: (configuration): S3Response => ({
    status: 200,
    headers: { "Content-Type": "application/xml" },
    body: writeLogging(configuration),
  }),
};

interface Input {
  readonly bucket: string;
  readonly configuration: LoggingConfiguration | undefined;
}

/** Without `LoggingEnabled` it turns logging off. */
export const putBucketLogging: Operation<Input, void> = {
  name: "PutBucketLogging",
  match: { method: "PUT", scope: "bucket", query: ["logging"] },
  access: "owner",
  document: 128 * 1024,
  parse({ bucket, document }) {
    if (document === "") throw new S3Error("MissingRequestBodyError");
    return { bucket, configuration: readLogging(document) };
  },
  run: ({ accessLogs }, { bucket, configuration }, call) => accessLogs.set(call, bucket, configuration),
  render: () => ({ status: 200, headers: {} }),
};
