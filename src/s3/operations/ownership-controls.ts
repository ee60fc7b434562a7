import type { OwnershipControls } from "@aws-sdk/client-s3";
import { S3Error } from "../../gateway/s3-error.js";
import { objectOwnerships } from "../../model/public-access.js";
import type { WireDocument } from "../document-operations.js";
import { readXml } from "../wire/xml-reader.js";
import type { XmlDocument } from "../wire/xml-schema.js";
import { xmlResponse } from "../xml-response.js";

const ownershipControls: XmlDocument<OwnershipControls> = {
  root: "OwnershipControls",
  fields: [
    {
      element: "Rule",
      member: "Rules",
      list: true,
      required: true,
      type: [{ element: "ObjectOwnership", type: "string", required: true }],
    },
  ],
};

export const bucketOwnership: WireDocument<"ownershipControls"> = {
  document: "ownershipControls",
  query: "ownershipControls",
  get: { name: "GetBucketOwnershipControls", action: "s3:GetBucketOwnershipControls" },
  put: { name: "PutBucketOwnershipControls", action: "s3:PutBucketOwnershipControls", maxBytes: 16 * 1024 },
  delete: { name: "DeleteBucketOwnershipControls", action: "s3:PutBucketOwnershipControls" },
  read(text) {
    const [rule, ...more] = readXml(text, ownershipControls).Rules ?? [];
    if (!rule?.ObjectOwnership || more.length > 0 || !objectOwnerships.includes(rule.ObjectOwnership))
      throw new S3Error("MalformedXML");
    return rule.ObjectOwnership;
  },
  write: (ObjectOwnership) => xmlResponse(ownershipControls, { Rules: [{ ObjectOwnership }] }),
};
