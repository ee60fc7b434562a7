import { S3Error } from "../../model/errors.js";
import type { NotificationConfiguration } from "../../model/notification.js";
import type { Operation } from "../operation.js";
import { readNotifications, writeNotifications, writtenDocument } from "../wire/notification-document.js";
import { xmlResponse } from "../xml-response.js";

export const getBucketNotificationConfiguration: Operation<string, NotificationConfiguration> = {
  name: "GetBucketNotificationConfiguration",
  match: { method: "GET", scope: "bucket", query: ["notification"] },
  access: "read",
  parse: ({ bucket }) => bucket,
  run: ({ notifications }, bucket, call) => notifications.get(call, bucket),
  render: (configuration) => xmlResponse(writtenDocument, writeNotifications(configuration)),
};

interface Input {
  readonly bucket: string;
  readonly configuration: NotificationConfiguration;
  readonly tested: boolean;
}

export const putBucketNotificationConfiguration: Operation<Input, void> = {
  name: "PutBucketNotificationConfiguration",
  match: { method: "PUT", scope: "bucket", query: ["notification"] },
  access: "owner",
  // Room for a hundred rules with two long filters each.
  document: 512 * 1024,
  parse({ bucket, document, headers }) {
    if (document === "") throw new S3Error("MissingRequestBodyError");
    return {
      bucket,
      configuration: readNotifications(document),
      tested: headers.get("x-amz-skip-destination-validation")?.toLowerCase() !== "true",
    };
  },
  run: ({ notifications }, { bucket, configuration, tested }, call) =>
    notifications.set(call, bucket, configuration, tested),
  render: () => ({ status: 200, headers: {} }),
};
