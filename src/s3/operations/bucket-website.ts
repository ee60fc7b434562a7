import { S3Error } from "../../gateway/s3-error.js";
import type { WebsiteConfiguration } from "../../model/website.js";
import type { Operation } from "../operation.js";
import { readWebsite, websiteDocument, writeWebsite } from "../wire/website-document.js";
import { xmlResponse } from "../xml-response.js";

export const getBucketWebsite: Operation<string, WebsiteConfiguration> = {
  name: "GetBucketWebsite",
  match: { method: "GET", scope: "bucket", query: ["website"] },
  access: "read",
  parse: ({ bucket }) => bucket,
  run: ({ websites }, bucket, call) => websites.get(call, bucket),
  render: (configuration) => xmlResponse(websiteDocument, writeWebsite(configuration)),
};

export const putBucketWebsite: Operation<
  { readonly bucket: string; readonly configuration: WebsiteConfiguration },
  void
> = {
  name: "PutBucketWebsite",
  match: { method: "PUT", scope: "bucket", query: ["website"] },
  access: "owner",
  // AWS's limit.
  document: 128 * 1024,
  parse({ bucket, document }) {
    if (document === "") throw new S3Error("MissingRequestBodyError");
    return { bucket, configuration: readWebsite(document) };
  },
  run: ({ websites }, { bucket, configuration }, call) => websites.set(call, bucket, configuration),
  render: () => ({ status: 200, headers: {} }),
};

export const deleteBucketWebsite: Operation<string, void> = {
  name: "DeleteBucketWebsite",
  match: { method: "DELETE", scope: "bucket", query: ["website"] },
  access: "owner",
  parse: ({ bucket }) => bucket,
  run: ({ websites }, bucket, call) => websites.delete(call, bucket),
  render: () => ({ status: 204, headers: {} }),
};
