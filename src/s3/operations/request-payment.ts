import type { RequestPaymentConfiguration } from "@aws-sdk/client-s3";
import { S3Error } from "../../gateway/s3-error.js";
import { payers, type Payer } from "../../model/public-access.js";
import type { Operation } from "../operation.js";
import { readXml } from "../wire/xml-reader.js";
import type { XmlDocument } from "../wire/xml-schema.js";
import { xmlResponse } from "../xml-response.js";

const configuration: XmlDocument<RequestPaymentConfiguration> = {
  root: "RequestPaymentConfiguration",
  fields: [{ element: "Payer", type: "string", required: true }],
};

export const getBucketRequestPayment: Operation<string, Payer> = {
  name: "GetBucketRequestPayment",
  match: { method: "GET", scope: "bucket", query: ["requestPayment"] },
  access: "owner",
  parse: ({ bucket }) => bucket,
  run: ({ permissions }, bucket, call) => permissions.requestPayment(call, bucket),
  render: (payer) => xmlResponse(configuration, { Payer: payer }),
};

export const putBucketRequestPayment: Operation<{ readonly bucket: string; readonly payer: Payer }, void> = {
  name: "PutBucketRequestPayment",
  match: { method: "PUT", scope: "bucket", query: ["requestPayment"] },
  access: "owner",
  document: 16 * 1024,
  parse({ bucket, document }) {
    if (document === "") throw new S3Error("MissingRequestBodyError");
    const { Payer: wanted } = readXml(document, configuration);
    const payer = payers.find((known) => known === wanted);
    if (!payer) throw new S3Error("MalformedXML");
    return { bucket, payer };
  },
  run: ({ permissions }, { bucket, payer }, call) => permissions.setRequestPayment(call, bucket, payer),
  render: () => ({ status: 200, headers: {} }),
};
