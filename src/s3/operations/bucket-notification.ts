import type { NotificationConfiguration } from "../../model/notification.js";
import type { WireDocument } from "../document-operations.js";
import { readNotifications, writeNotifications, writtenDocument } from "../wire/notification-document.js";
import { xmlResponse } from "../xml-response.js";

const write = (configuration: NotificationConfiguration) =>
  xmlResponse(writtenDocument, writeNotifications(configuration));

export const bucketNotification: WireDocument<"notification"> = {
  document: "notification",
  query: "notification",
  get: { name: "GetBucketNotificationConfiguration", action: "s3:GetBucketNotification" },
  // A hundred rules with two long filters each.
  put: { name: "PutBucketNotificationConfiguration", action: "s3:PutBucketNotification", maxBytes: 512 * 1024 },
  read: readNotifications,
  write,
  empty: () => write({ rules: [] }),
  options: ({ headers }) => ({ skipTest: headers.get("x-amz-skip-destination-validation")?.toLowerCase() === "true" }),
};
