import type { PolicyStatus } from "@aws-sdk/client-s3";
import { MAX_POLICY } from "../../model/policy.js";
import { isPublicPolicy } from "../../model/policy-decision.js";
import { parsePolicy } from "../../model/policy-document.js";
import { onBucket } from "../access-rules.js";
import type { WireDocument } from "../document-operations.js";
import type { Operation } from "../operation.js";
import type { XmlDocument } from "../wire/xml-schema.js";
import { xmlResponse } from "../xml-response.js";

export const bucketPolicy: WireDocument<"policy"> = {
  document: "policy",
  query: "policy",
  get: { name: "GetBucketPolicy", action: "s3:GetBucketPolicy" },
  // A little more than may be kept, so that one that is too large hears so in the policy's own words.
  put: { name: "PutBucketPolicy", action: "s3:PutBucketPolicy", maxBytes: 4 * MAX_POLICY, status: 204 },
  delete: { name: "DeleteBucketPolicy", action: "s3:DeleteBucketPolicy" },
  read: (text, { bucket }) => ({ text, policy: parsePolicy(text, bucket) }),
  write: ({ text }) => ({ status: 200, headers: { "Content-Type": "application/json" }, body: text }),
};

const policyStatus: XmlDocument<PolicyStatus> = {
  root: "PolicyStatus",
  fields: [{ element: "IsPublic", type: "boolean" }],
};

export const getBucketPolicyStatus: Operation<undefined, PolicyStatus> = {
  name: "GetBucketPolicyStatus",
  match: { method: "GET", scope: "bucket", query: ["policyStatus"] },
  access: onBucket("s3:GetBucketPolicyStatus"),
  parse: () => undefined,
  run: async ({ documents }, _input, call) => ({
    IsPublic: isPublicPolicy((await documents.get(call, "policy")).policy),
  }),
  render: (output) => xmlResponse(policyStatus, output),
};
