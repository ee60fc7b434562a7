import type { Catalog } from "../../catalog/catalog.js";
import { resolveRange, type ByteRange, type RangeRequest } from "../../model/byte-range.js";
import { S3Error } from "../s3-error.js";
import type { ObjectVersion } from "../../model/object.js";
import { checkRead, rangeApplies, type Preconditions } from "../../model/precondition.js";
import type { ObjectKey, ReadRequest, ReadResult } from "./objects.js";
import { defined } from "../../model/defined.js";

/** The version that a read asks for. NoSuchKey, NoSuchVersion; MethodNotAllowed for a delete marker named by its ID. */
export async function readableVersion(
  catalog: Catalog,
  bucket: string,
  { key, versionId }: ObjectKey,
): Promise<ObjectVersion> {
  const version = await catalog.objects.get(bucket, key, versionId);
  if (!version) {
    if (versionId === undefined) throw new S3Error("NoSuchKey", { resource: key, fields: { Key: key } });
    throw new S3Error("NoSuchVersion", { resource: key, fields: { Key: key, VersionId: versionId } });
  }
  if (!version.deleteMarker) return version;
  const headers = { "x-amz-delete-marker": "true", "x-amz-version-id": version.versionId };
  if (versionId === undefined) throw new S3Error("NoSuchKey", { resource: key, fields: { Key: key }, headers });
  throw new S3Error("MethodNotAllowed", {
    resource: key,
    fields: { Method: "GET", ResourceType: "DeleteMarker" },
    headers: { ...headers, allow: "DELETE", "last-modified": new Date(version.createdAt).toUTCString() },
  });
}

/** The range or part that a request asks for. NotModified, PreconditionFailed, InvalidRange, InvalidPartNumber. */
export function resolveRead(version: ObjectVersion, request: ReadRequest): ReadResult {
  const outcome = checkRead(request.preconditions, version);
  if (outcome === "failed") throw failedRead(request.preconditions);
  if (outcome === "not-modified") throw new S3Error("NotModified", { headers: validators(version) });
  if (request.partNumber !== undefined) return resolvePart(version, request.partNumber);
  if (!request.range || !rangeApplies(request.preconditions, version)) return { version };
  const range = resolveRange(request.range, version.size);
  if (!range) {
    throw new S3Error("InvalidRange", {
      fields: { RangeRequested: rangeText(request.range), ActualObjectSize: String(version.size) },
      headers: { "content-range": `bytes */${version.size}` },
    });
  }
  return { version, range };
}

function rangeText(range: RangeRequest): string {
  return "suffix" in range ? `bytes=-${range.suffix}` : `bytes=${range.first}-${range.last ?? ""}`;
}

/** PreconditionFailed, with the name of the header that failed, as in S3. */
export function failedRead(conditions: Preconditions): S3Error {
  // If-Unmodified-Since is ignored if If-Match is there.
  const failed = conditions.ifMatch === undefined ? "If-Unmodified-Since" : "If-Match";
  return new S3Error("PreconditionFailed", { fields: { Condition: failed } });
}

/** RFC 9110 section 15.4.5: a 304 has the validators and caching headers that a 200 would have. */
function validators({ etag, createdAt, content, versionId }: ObjectVersion): Record<string, string> {
  return defined({
    etag: `"${etag}"`,
    "last-modified": new Date(createdAt).toUTCString(),
    "cache-control": content.cacheControl,
    expires: content.expires,
    "x-amz-version-id": versionId === "null" ? undefined : versionId,
  });
}

function resolvePart(version: ObjectVersion, partNumber: number): ReadResult {
  const { parts, size } = version;
  if (!parts) {
    // An object that was not uploaded in parts counts as one part.
    if (partNumber === 1) return size === 0 ? { version } : { version, range: { start: 0, end: size } };
    throw noSuchPart(1);
  }
  let start = 0;
  for (const part of parts) {
    if (part.partNumber === partNumber)
      return { version, range: partRange(start, part.size), partsCount: parts.length };
    start += part.size;
  }
  throw noSuchPart(parts.length);
}

function partRange(start: number, size: number): ByteRange {
  return { start, end: start + size };
}

function noSuchPart(count: number): S3Error {
  return new S3Error("InvalidPartNumber", {
    message: "The requested partnumber is not satisfiable",
    fields: { ActualPartCount: String(count) },
  });
}
