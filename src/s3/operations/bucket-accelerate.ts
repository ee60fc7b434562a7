import type { AccelerateConfiguration } from "@aws-sdk/client-s3";
import { S3Error } from "../../model/errors.js";
import type { Operation } from "../operation.js";
import { readXml } from "../wire/xml-reader.js";
import type { XmlDocument } from "../wire/xml-schema.js";

const configuration: XmlDocument<AccelerateConfiguration> = {
  root: "AccelerateConfiguration",
  fields: [{ element: "Status", type: "string" }],
};

/** There are no accelerated endpoints: only Suspended, which every bucket is anyway, can be set. */
export const putBucketAccelerateConfiguration: Operation<string, void> = {
  name: "PutBucketAccelerateConfiguration",
  match: { method: "PUT", scope: "bucket", query: ["accelerate"] },
  access: "owner",
  document: 16 * 1024,
  parse({ bucket, document }) {
    if (document === "") throw new S3Error("MissingRequestBodyError");
    const { Status: status } = readXml(document, configuration);
    if (status === "Enabled")
      throw new S3Error("NotImplemented", {
        message: "Status Enabled is not implemented.",
        fields: { Operation: "PutBucketAccelerateConfiguration" },
      });
    if (status !== "Suspended") throw new S3Error("MalformedXML");
    return bucket;
  },
  async run({ buckets }, bucket, call) {
    await buckets.get(call, bucket);
  },
  render: () => ({ status: 200, headers: {} }),
};
