import { bucketQuotaView } from "../gateway/identity-requests.js";
import { askIdentity } from "../identity-client.js";
import { tableText } from "../text.js";
import { printJson, quotaBody, quotaText, type QuotaOptions } from "./identity-options.js";

/** `cess-s3 bucket quota BUCKET`: shows what a bucket holds, and sets or removes the operator's quota on it. */
export async function runBucketQuota(
  bucket: string,
  { none, ...options }: QuotaOptions & { readonly none?: boolean },
): Promise<void> {
  const path = `/buckets/${encodeURIComponent(bucket)}/quota`;
  const sets = none || options.bytes !== undefined || options.objects !== undefined;
  const body = none ? {} : quotaBody(options);
  const request = sets ? ({ method: "POST", path, body } as const) : ({ method: "GET", path } as const);
  const found = await askIdentity(options, request, bucketQuotaView);
  if (options.json) {
    printJson(found);
    return;
  }
  const { bytes, uploadBytes, objects } = found.usage;
  console.log(
    tableText([
      ["BUCKET", "BYTES", "IN OPEN UPLOADS", "OBJECTS", "QUOTA"],
      [found.bucket, String(bytes), String(uploadBytes), String(objects), quotaText(found.quota)],
    ]),
  );
}
