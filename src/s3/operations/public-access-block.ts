import type { PublicAccessBlockConfiguration } from "@aws-sdk/client-s3";
import type { WireDocument } from "../document-operations.js";
import { readXml } from "../wire/xml-reader.js";
import type { XmlDocument } from "../wire/xml-schema.js";
import { xmlResponse } from "../xml-response.js";

const configuration: XmlDocument<PublicAccessBlockConfiguration> = {
  root: "PublicAccessBlockConfiguration",
  fields: ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"].map((element) => ({
    element,
    type: "boolean",
  })),
};

export const publicAccessBlock: WireDocument<"publicAccessBlock"> = {
  document: "publicAccessBlock",
  query: "publicAccessBlock",
  get: { name: "GetPublicAccessBlock", action: "s3:GetBucketPublicAccessBlock" },
  put: { name: "PutPublicAccessBlock", action: "s3:PutBucketPublicAccessBlock", maxBytes: 16 * 1024 },
  delete: { name: "DeletePublicAccessBlock", action: "s3:PutBucketPublicAccessBlock" },
  read(text) {
    const block = readXml(text, configuration);
    return {
      blockPublicAcls: block.BlockPublicAcls ?? false,
      ignorePublicAcls: block.IgnorePublicAcls ?? false,
      blockPublicPolicy: block.BlockPublicPolicy ?? false,
      restrictPublicBuckets: block.RestrictPublicBuckets ?? false,
    };
  },
  write: ({ blockPublicAcls, ignorePublicAcls, blockPublicPolicy, restrictPublicBuckets }) =>
    xmlResponse(configuration, {
      BlockPublicAcls: blockPublicAcls,
      IgnorePublicAcls: ignorePublicAcls,
      BlockPublicPolicy: blockPublicPolicy,
      RestrictPublicBuckets: restrictPublicBuckets,
    }),
};
