import type { ServerSideEncryptionConfiguration, ServerSideEncryptionRule } from "@aws-sdk/client-s3";
import type { DefaultEncryption } from "../../model/encryption.js";
import { S3Error } from "../../model/errors.js";
import type { Operation } from "../operation.js";
import { readXml } from "../wire/xml-reader.js";
import type { XmlDocument } from "../wire/xml-schema.js";
import { xmlResponse } from "../xml-response.js";

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
  return {
    algorithm,
    ...(keyId ? { keyId } : {}),
    ...(algorithm === "aws:kms" && BucketKeyEnabled !== undefined ? { bucketKey: BucketKeyEnabled } : {}),
    ...(types.includes("SSE-C") ? { blocksCustomerKeys: true } : {}),
  };
}

export const getBucketEncryption: Operation<string, DefaultEncryption> = {
  name: "GetBucketEncryption",
  match: { method: "GET", scope: "bucket", query: ["encryption"] },
  access: "read",
  parse: ({ bucket }) => bucket,
  run: ({ encryption }, bucket, call) => encryption.get(call, bucket),
  render: ({ algorithm, keyId, bucketKey = false, blocksCustomerKeys }) =>
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

export const putBucketEncryption: Operation<{ readonly bucket: string; readonly encryption: DefaultEncryption }, void> =
  {
    name: "PutBucketEncryption",
    match: { method: "PUT", scope: "bucket", query: ["encryption"] },
    access: "owner",
    document: 16 * 1024,
    parse({ bucket, document }) {
      if (document === "") throw new S3Error("MissingRequestBodyError");
      const [rule, ...more] = readXml(document, configuration).Rules ?? [];
      if (!rule || more.length > 0)
        throw new S3Error("MalformedXML", { fields: { Reason: "there is exactly one Rule" } });
      return { bucket, encryption: readRule(rule) };
    },
    run: ({ encryption }, input, call) => encryption.set(call, input.bucket, input.encryption),
    render: () => ({ status: 200, headers: {} }),
  };

export const deleteBucketEncryption: Operation<string, void> = {
  name: "DeleteBucketEncryption",
  match: { method: "DELETE", scope: "bucket", query: ["encryption"] },
  access: "owner",
  parse: ({ bucket }) => bucket,
  run: ({ encryption }, bucket, call) => encryption.delete(call, bucket),
  render: () => ({ status: 204, headers: {} }),
};
