import type { Catalog } from "../../catalog/catalog.js";
import { checkWrite, type Preconditions } from "../../model/precondition.js";
import { S3Error } from "../s3-error.js";

/**
 * Write preconditions before the body, so that 5 GiB are not sent in vain. The transaction that writes the version
 * checks them again, and its word is the last.
 */
export async function requireEarly(
  catalog: Catalog,
  bucket: string,
  key: string,
  preconditions: Preconditions | undefined,
): Promise<void> {
  if (!preconditions?.ifMatch && !preconditions?.ifNoneMatch) return;
  const current = await catalog.objects.get(bucket, key);
  const outcome = checkWrite(preconditions, current?.deleteMarker === true ? undefined : current);
  if (outcome === "missing") throw new S3Error("NoSuchKey", { resource: key, fields: { Key: key } });
  if (outcome === "failed") {
    const condition = preconditions.ifMatch ? "If-Match" : "If-None-Match";
    throw new S3Error("PreconditionFailed", { fields: { Condition: condition } });
  }
}
