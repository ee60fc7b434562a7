import type { RequestPaymentConfiguration } from "@aws-sdk/client-s3";
import { S3Error } from "../../gateway/s3-error.js";
import { payers, type Payer } from "../../model/public-access.js";
import type { WireDocument } from "../document-operations.js";
import { readXml } from "../wire/xml-reader.js";
import type { XmlDocument } from "../wire/xml-schema.js";
import { xmlResponse } from "../xml-response.js";

const configuration: XmlDocument<RequestPaymentConfiguration> = {
  root: "RequestPaymentConfiguration",
  fields: [{ element: "Payer", type: "string", required: true }],
};

const write = (payer: Payer) => xmlResponse(configuration, { Payer: payer });

export const requestPayment: WireDocument<"requestPayment"> = {
  document: "requestPayment",
  query: "requestPayment",
  get: { name: "GetBucketRequestPayment", action: "s3:GetBucketRequestPayment" },
  put: { name: "PutBucketRequestPayment", action: "s3:PutBucketRequestPayment", maxBytes: 16 * 1024 },
  read(text) {
    const { Payer: wanted } = readXml(text, configuration);
    const payer = payers.find((known) => known === wanted);
    if (!payer) throw new S3Error("MalformedXML");
    return payer;
  },
  write,
  empty: () => write("BucketOwner"),
};
