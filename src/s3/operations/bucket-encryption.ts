import type { ServerSideEncryptionConfiguration, ServerSideEncryptionRule } from "@aws-sdk/client-s3";
import type { DefaultEncryption } from "../../model/encryption.js";
import { S3Error } from "../../gateway/s3-error.js";
import type { WireDocument } from "../document-operations.js";
import { readXml } from "../wire/xml-reader.js";
import type { XmlDocument } from "../wire/xml-schema.js";
import { xmlResponse } from "../xml-response.js";
import { defined } from "../../model/defined.js";

const configuration: XmlDocument<ServerSideEncryptionConfiguration> = {
  root: "ServerSideEncryptionConfiguration",
  fields: [
    {
      element: "Rule",
      member: "Rules",
      list: true,
      required: true,
      type: [
        {
          element: "ApplyServerSideEncryptionByDefault",
          type: [
            { element: "SSEAlgorithm", type: "string", required: true },
            { element: "KMSMasterKeyID", type: "string" },
          ],
        },
        { element: "BucketKeyEnabled", type: "boolean" },
        { element: "BlockedEncryptionTypes", type: [{ element: "EncryptionType", type: "string", list: true }] },
      ],
    },
  ],
};

const invalid = (message: string) => new S3Error("InvalidArgument", { message });

function readRule({
  ApplyServerSideEncryptionByDefault: apply,
  BucketKeyEnabled,
  BlockedEncryptionTypes: blocked,
}: ServerSideEncryptionRule): DefaultEncryption {
  const types = blocked?.EncryptionType ?? [];
  for (const type of types)
    if (!/^(NONE|SSE-C)$/.test(type)) throw invalid("A blocked encryption type is NONE or SSE-C");
  const algorithm: string = apply?.SSEAlgorithm ?? "AES256";
  const { KMSMasterKeyID: keyId } = apply ?? {};
  if (algorithm === "aws:kms:dsse")
    throw new S3Error("NotImplemented", {
      message: "Dual-layer encryption (aws:kms:dsse) is not offered; use aws:kms or AES256.",
    });
  // cess-cbc is not S3's: it is DeOSS's scheme, with a cipher from the key file.
  if (algorithm !== "AES256" && algorithm !== "aws:kms" && algorithm !== "cess-cbc")
    throw new S3Error("MalformedXML", { fields: { Reason: "SSEAlgorithm is AES256, aws:kms or cess-cbc" } });
  if (algorithm === "AES256" && keyId !== undefined)
    throw invalid("a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse");
  if (algorithm === "cess-cbc" && !keyId)
    throw invalid("cess-cbc needs a KMSMasterKeyID, which names a cipher in the gateway's key file");
  return defined({
    algorithm,
    keyId: keyId || undefined,
    bucketKey: algorithm === "aws:kms" ? BucketKeyEnabled : undefined,
    blocksCustomerKeys: types.includes("SSE-C") ? true : undefined,
  });
}

export const encryptionDocument: WireDocument<"encryption"> = {
  document: "encryption",
  query: "encryption",
  get: { name: "GetBucketEncryption", action: "s3:GetEncryptionConfiguration" },
  put: { name: "PutBucketEncryption", action: "s3:PutEncryptionConfiguration", maxBytes: 16 * 1024 },
  delete: { name: "DeleteBucketEncryption", action: "s3:PutEncryptionConfiguration" },
  read(text) {
    const [rule, ...more] = readXml(text, configuration).Rules ?? [];
    if (!rule || more.length > 0)
      throw new S3Error("MalformedXML", { fields: { Reason: "there is exactly one Rule" } });
    return readRule(rule);
  },
  write: ({ algorithm, keyId, bucketKey = false, blocksCustomerKeys }) =>
    xmlResponse(configuration, {
      Rules: [
        {
          ApplyServerSideEncryptionByDefault: { SSEAlgorithm: algorithm as "AES256", KMSMasterKeyID: keyId },
          BucketKeyEnabled: bucketKey,
          ...(blocksCustomerKeys === true ? { BlockedEncryptionTypes: { EncryptionType: ["SSE-C"] } } : {}),
        },
      ],
    }),
};
