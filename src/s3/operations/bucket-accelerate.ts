import type { AccelerateConfiguration } from "@aws-sdk/client-s3";
import { S3Error } from "../../gateway/s3-error.js";
import { onBucket } from "../access-rules.js";
import type { Operation } from "../operation.js";
import { readXml } from "../wire/xml-reader.js";
import type { XmlDocument } from "../wire/xml-schema.js";

const configuration: XmlDocument<AccelerateConfiguration> = {
  root: "AccelerateConfiguration",
  fields: [{ element: "Status", type: "string" }],
};

/** There are no accelerated endpoints: only Suspended, which every bucket is anyway, can be set. */
export const putBucketAccelerateConfiguration: Operation<undefined, void> = {
  name: "PutBucketAccelerateConfiguration",
  match: { method: "PUT", scope: "bucket", query: ["accelerate"] },
  access: onBucket("s3:PutAccelerateConfiguration"),
  document: 16 * 1024,
  parse({ document }) {
    if (document === "") throw new S3Error("MissingRequestBodyError");
    const { Status: status } = readXml(document, configuration);
    if (status === "Enabled")
      throw new S3Error("NotImplemented", {
        message: "Status Enabled is not implemented.",
        fields: { Operation: "PutBucketAccelerateConfiguration" },
      });
    if (status !== "Suspended") throw new S3Error("MalformedXML");
    return undefined;
  },
  run: () => Promise.resolve(),
  render: () => ({ status: 200, headers: {} }),
};
