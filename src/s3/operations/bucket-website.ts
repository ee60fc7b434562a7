import type { WireDocument } from "../document-operations.js";
import { readWebsite, websiteDocument, writeWebsite } from "../wire/website-document.js";
import { xmlResponse } from "../xml-response.js";

export const bucketWebsite: WireDocument<"website"> = {
  document: "website",
  query: "website",
  get: { name: "GetBucketWebsite", action: "s3:GetBucketWebsite" },
  // The size is AWS's limit.
  put: { name: "PutBucketWebsite", action: "s3:PutBucketWebsite", maxBytes: 128 * 1024 },
  delete: { name: "DeleteBucketWebsite", action: "s3:DeleteBucketWebsite" },
  read: readWebsite,
  write: (configuration) => xmlResponse(websiteDocument, writeWebsite(configuration)),
};
