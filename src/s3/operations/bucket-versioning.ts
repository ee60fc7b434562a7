import type { VersioningConfiguration } from "@aws-sdk/client-s3";
import { S3Error } from "../../gateway/s3-error.js";
import type { WireDocument } from "../document-operations.js";
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

export const bucketVersioning: WireDocument<"versioning"> = {
  document: "versioning",
  query: "versioning",
  get: { name: "GetBucketVersioning", action: "s3:GetBucketVersioning" },
  put: { name: "PutBucketVersioning", action: "s3:PutBucketVersioning", maxBytes: 64 * 1024 },
  read(text) {
    const { Status, MFADelete } = readXml(text, versioningConfiguration);
    if (MFADelete !== undefined && !["Enabled", "Disabled"].includes(MFADelete)) throw new S3Error("MalformedXML");
    if (MFADelete === "Enabled")
      throw new S3Error("NotImplemented", {
        message: "MFA delete is not implemented.",
        fields: { Element: "MfaDelete" },
      });
    if (Status === undefined) throw new S3Error("IllegalVersioningConfigurationException");
    // The SDK's type allows only AWS's values, but the document may hold any text.
    if (!["Enabled", "Suspended"].includes(Status)) throw new S3Error("MalformedXML");
    return Status;
  },
  write: (Status) => xmlResponse(versioningConfiguration, { Status }),
  empty: () => xmlResponse(versioningConfiguration, {}),
};
