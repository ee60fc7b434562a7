import { S3Error } from "../../model/errors.js";
import type { Operation } from "../operation.js";
import { readXml } from "../wire/xml-reader.js";

/**
 * A configuration of which only the value that every bucket has anyway is served: setting that one is a success, any
 * other known one is NotImplemented by its name.
 */
function trivial(name: string, query: string, root: string, element: string, served: string, other: string): Operation<string, void> {
  const description = { root, fields: [{ element, member: "value", type: "string" } as const] };
  return {
    name, match: { method: "PUT", scope: "bucket", query: [query] }, access: "owner", document: 64 * 1024,
    parse({ bucket, document }) {
      if (document === "") throw new S3Error("MissingRequestBodyError");
      const { value } = readXml<{ readonly value?: string }>(document, description);
      if (value === other) throw new S3Error("NotImplemented", { message: `${element} ${other} is not implemented.`, fields: { Operation: name } });
      if (value !== served) throw new S3Error("MalformedXML");
      return bucket;
    },
    async run({ buckets }, bucket, call) {
      await buckets.get(call, bucket);
    },
    render: () => ({ status: 200, headers: {} }),
  };
}

export const putBucketAccelerateConfiguration =
  trivial("PutBucketAccelerateConfiguration", "accelerate", "AccelerateConfiguration", "Status", "Suspended", "Enabled");
export const putBucketRequestPayment =
  trivial("PutBucketRequestPayment", "requestPayment", "RequestPaymentConfiguration", "Payer", "BucketOwner", "Requester");
