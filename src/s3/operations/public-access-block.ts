import type { PublicAccessBlockConfiguration } from "@aws-sdk/client-s3";
import { S3Error } from "../../gateway/s3-error.js";
import type { PublicAccessBlock } from "../../model/public-access.js";
import type { Operation } from "../operation.js";
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

export const getPublicAccessBlock: Operation<string, PublicAccessBlock> = {
  name: "GetPublicAccessBlock",
  match: { method: "GET", scope: "bucket", query: ["publicAccessBlock"] },
  access: "read",
  parse: ({ bucket }) => bucket,
  run: ({ permissions }, bucket, call) => permissions.publicAccessBlock(call, bucket),
  render: ({ blockPublicAcls, ignorePublicAcls, blockPublicPolicy, restrictPublicBuckets }) =>
    xmlResponse(configuration, {
      BlockPublicAcls: blockPublicAcls,
      IgnorePublicAcls: ignorePublicAcls,
      BlockPublicPolicy: blockPublicPolicy,
      RestrictPublicBuckets: restrictPublicBuckets,
    }),
};

export const putPublicAccessBlock: Operation<{ readonly bucket: string; readonly block: PublicAccessBlock }, void> = {
  name: "PutPublicAccessBlock",
  match: { method: "PUT", scope: "bucket", query: ["publicAccessBlock"] },
  access: "owner",
  document: 16 * 1024,
  parse({ bucket, document }) {
    if (document === "") throw new S3Error("MissingRequestBodyError");
    const {
      BlockPublicAcls = false,
      IgnorePublicAcls = false,
      BlockPublicPolicy = false,
      RestrictPublicBuckets = false,
    } = readXml(document, configuration);
    return {
      bucket,
      block: {
        blockPublicAcls: BlockPublicAcls,
        ignorePublicAcls: IgnorePublicAcls,
        blockPublicPolicy: BlockPublicPolicy,
        restrictPublicBuckets: RestrictPublicBuckets,
      },
    };
  },
  run: ({ permissions }, { bucket, block }, call) => permissions.setPublicAccessBlock(call, bucket, block),
  render: () => ({ status: 200, headers: {} }),
};

export const deletePublicAccessBlock: Operation<string, void> = {
  name: "DeletePublicAccessBlock",
  match: { method: "DELETE", scope: "bucket", query: ["publicAccessBlock"] },
  access: "owner",
  parse: ({ bucket }) => bucket,
  run: ({ permissions }, bucket, call) => permissions.deletePublicAccessBlock(call, bucket),
  render: () => ({ status: 204, headers: {} }),
};
