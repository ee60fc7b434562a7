import type { GetBucketLocationOutput } from "@aws-sdk/client-s3";
import { onBucket } from "../access-rules.js";
import type { Operation } from "../operation.js";
import { S3_NAMESPACE } from "../wire/xml-schema.js";
import { escapeXml, XML_DECLARATION } from "../wire/xml-writer.js";

/** The region is the text of the root element. It is empty for us-east-1, as on AWS. */
export const getBucketLocation: Operation<undefined, GetBucketLocationOutput> = {
  name: "GetBucketLocation",
  match: { method: "GET", scope: "bucket", query: ["location"] },
  access: onBucket("s3:GetBucketLocation", { probe: true }),
  parse: () => undefined,
  run(_gateway, _input, { bucket: { region } }) {
    if (region === "us-east-1") return Promise.resolve({});
    return Promise.resolve({
      LocationConstraint: region as NonNullable<GetBucketLocationOutput["LocationConstraint"]>,
    });
  },
  render: ({ LocationConstraint = "" }) => ({
    status: 200,
    headers: { "Content-Type": "application/xml" },
    body: `${XML_DECLARATION}<LocationConstraint xmlns="${S3_NAMESPACE}">${escapeXml(LocationConstraint)}</LocationConstraint>`,
  }),
};
