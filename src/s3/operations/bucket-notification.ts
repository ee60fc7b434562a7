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
}

export const putBucketNotificationConfiguration: Operation<Input, void> = {
  name: "PutBucketNotificationConfiguration",
  match: { method: "PUT", scope: "bucket", query: ["notification"] },
  access: "owner",
  // A hundred rules with two long filters each.
  document: 512 * 1024,
  parse({ bucket, document }) {
    if (document === "") throw new S3Error("MissingRequestBodyError");
    return { bucket, configuration: readNotifications(document) };
  },
  run: ({ notifications }, { bucket, configuration }, call) => notifications.set(call, bucket, configuration),
  render: () => ({ status: 200, headers: {} }),
};
