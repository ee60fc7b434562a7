import type { PolicyStatus } from "@aws-sdk/client-s3";
import { MAX_POLICY } from "../../model/policy.js";
import { S3Error } from "../../model/errors.js";
import type { Operation } from "../operation.js";
import type { XmlDocument } from "../wire/xml-schema.js";
import { xmlResponse } from "../xml-response.js";

export const getBucketPolicy: Operation<string, string> = {
  name: "GetBucketPolicy",
  match: { method: "GET", scope: "bucket", query: ["policy"] },
  access: "owner",
  parse: ({ bucket }) => bucket,
  run: ({ permissions }, bucket, call) => permissions.policy(call, bucket),
  render: (body) => ({ status: 200, headers: { "Content-Type": "application/json" }, body }),
};

export const putBucketPolicy: Operation<{ readonly bucket: string; readonly text: string }, void> = {
  name: "PutBucketPolicy",
  match: { method: "PUT", scope: "bucket", query: ["policy"] },
  access: "owner",
  // A little above the limit for policies, so that a slightly larger one is refused with that limit's own message.
  document: 4 * MAX_POLICY,
  parse({ bucket, document }) {
    if (document === "") throw new S3Error("MissingRequestBodyError");
    return { bucket, text: document };
  },
  run: ({ permissions }, { bucket, text }, call) => permissions.setPolicy(call, bucket, text),
  render: () => ({ status: 204, headers: {} }),
};

export const deleteBucketPolicy: Operation<string, void> = {
  name: "DeleteBucketPolicy",
  match: { method: "DELETE", scope: "bucket", query: ["policy"] },
  access: "owner",
  parse: ({ bucket }) => bucket,
  run: ({ permissions }, bucket, call) => permissions.deletePolicy(call, bucket),
  render: () => ({ status: 204, headers: {} }),
};

const policyStatus: XmlDocument<PolicyStatus> = {
  root: "PolicyStatus",
  fields: [{ element: "IsPublic", type: "boolean" }],
};

export const getBucketPolicyStatus: Operation<string, PolicyStatus> = {
  name: "GetBucketPolicyStatus",
  match: { method: "GET", scope: "bucket", query: ["policyStatus"] },
  access: "read",
  parse: ({ bucket }) => bucket,
  run: async ({ permissions }, bucket, call) => ({ IsPublic: await permissions.policyIsPublic(call, bucket) }),
  render: (output) => xmlResponse(policyStatus, output),
};
