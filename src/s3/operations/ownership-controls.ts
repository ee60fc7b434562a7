import type { OwnershipControls } from "@aws-sdk/client-s3";
import { S3Error } from "../../gateway/s3-error.js";
import { objectOwnerships, type ObjectOwnership } from "../../model/public-access.js";
import type { Operation } from "../operation.js";
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

export const getBucketOwnershipControls: Operation<string, ObjectOwnership> = {
  name: "GetBucketOwnershipControls",
  match: { method: "GET", scope: "bucket", query: ["ownershipControls"] },
  access: "read",
  parse: ({ bucket }) => bucket,
  run: ({ permissions }, bucket, call) => permissions.ownership(call, bucket),
  render: (ObjectOwnership) => xmlResponse(ownershipControls, { Rules: [{ ObjectOwnership }] }),
};

export const putBucketOwnershipControls: Operation<
  { readonly bucket: string; readonly ownership: ObjectOwnership },
  void
> = {
  name: "PutBucketOwnershipControls",
  match: { method: "PUT", scope: "bucket", query: ["ownershipControls"] },
  access: "owner",
  document: 16 * 1024,
  parse({ bucket, document }) {
    if (document === "") throw new S3Error("MissingRequestBodyError");
    const [rule, ...more] = readXml(document, ownershipControls).Rules ?? [];
    if (!rule?.ObjectOwnership || more.length > 0 || !objectOwnerships.includes(rule.ObjectOwnership))
      throw new S3Error("MalformedXML");
    return { bucket, ownership: rule.ObjectOwnership };
  },
  run: ({ permissions }, { bucket, ownership }, call) => permissions.setOwnership(call, bucket, ownership),
  render: () => ({ status: 200, headers: {} }),
};

export const deleteBucketOwnershipControls: Operation<string, void> = {
  name: "DeleteBucketOwnershipControls",
  match: { method: "DELETE", scope: "bucket", query: ["ownershipControls"] },
  access: "owner",
  parse: ({ bucket }) => bucket,
  run: ({ permissions }, bucket, call) => permissions.deleteOwnership(call, bucket),
  render: () => ({ status: 204, headers: {} }),
};
