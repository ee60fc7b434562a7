import type { VersioningConfiguration } from "@aws-sdk/client-s3";
import type { Versioning } from "../../model/bucket.js";
import { S3Error } from "../../model/errors.js";
import type { Operation } from "../operation.js";
import { readXml } from "../wire/xml-reader.js";
import type { XmlDocument } from "../wire/xml-schema.js";
import { xmlResponse } from "../xml-response.js";

const versioningConfiguration: XmlDocument<VersioningConfiguration> = {
  root: "VersioningConfiguration",
  fields: [
    { element: "Status", type: "string" },
    { element: "MfaDelete", member: "MFADelete", type: "string" },
  ],
};

export const getBucketVersioning: Operation<string, VersioningConfiguration> = {
  name: "GetBucketVersioning",
  match: { method: "GET", scope: "bucket", query: ["versioning"] },
  access: "read",
  parse: ({ bucket }) => bucket,
  run: async ({ versions }, bucket, call) => ({ Status: await versions.state(call, bucket) }),
  render: (output) => xmlResponse(versioningConfiguration, output),
};

export const putBucketVersioning: Operation<{ readonly bucket: string; readonly status: Versioning }, void> = {
  name: "PutBucketVersioning",
  match: { method: "PUT", scope: "bucket", query: ["versioning"] },
  access: "owner",
  document: 64 * 1024,
  parse({ bucket, document }) {
    if (document === "") throw new S3Error("MissingRequestBodyError");
    const { Status: status, MFADelete } = readXml(document, versioningConfiguration);
    if (MFADelete !== undefined && !["Enabled", "Disabled"].includes(MFADelete)) throw new S3Error("MalformedXML");
    if (MFADelete === "Enabled")
      throw new S3Error("NotImplemented", {
        message: "MFA delete is not implemented.",
        fields: { Element: "MfaDelete" },
      });
    if (status === undefined) throw new S3Error("IllegalVersioningConfigurationException");
    // The SDK's type allows only AWS's values, but the document may hold any text.
    if (!["Enabled", "Suspended"].includes(status)) throw new S3Error("MalformedXML");
    return { bucket, status };
  },
  run: ({ versions }, { bucket, status }, call) => versions.setState(call, bucket, status),
  render: () => ({ status: 200, headers: {} }),
};
