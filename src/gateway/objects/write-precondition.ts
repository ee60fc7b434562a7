import type { Catalog } from "../../catalog/catalog.js";
import { checkWrite, type Preconditions } from "../../model/precondition.js";
import { S3Error } from "../s3-error.js";

/**
 * Checks the preconditions of a write before the body is read, so that no client sends 5 GiB in vain. The transaction
 * that writes the version checks them again and decides. NoSuchKey, PreconditionFailed.
 */
export async function requirePreconditions(
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
