import { S3Error } from "../s3-error.js";
import type { Part } from "../../model/object.js";
import type { CompletedPart, CompleteRequest } from "./uploads.js";
import { LIMITS, tooLarge } from "../limits.js";

/**
 * The stored parts that the request lists, in its order. MalformedXML for an empty list, InvalidPartOrder unless the
 * numbers ascend, InvalidPart for a part that is missing or has another ETag or checksum, EntityTooSmall, EntityTooLarge,
 * InvalidRequest for a wrong object size.
 */
export function listedParts(request: CompleteRequest, stored: readonly Part[]): Part[] {
  if (request.parts.length === 0) {
    throw new S3Error("MalformedXML", { message: "You must specify at least one part" });
  }
  requireOrder(request.parts);
  const byNumber = new Map(stored.map((part) => [part.partNumber, part]));
  const parts = request.parts.map((listed) => {
    const part = byNumber.get(listed.partNumber);
    if (!part || !isSamePart(listed, part)) throw invalidPart(listed);
    return part;
  });
  if (request.anyPartSize !== true) requirePartSizes(parts);
  requireSize(parts, request.size);
  return parts;
}

export function totalSize(parts: readonly Pick<Part, "size">[]): number {
  return parts.reduce((sum, { size }) => sum + size, 0);
}

function requireOrder(listed: readonly CompletedPart[]): void {
  let previous = 0;
  for (const { partNumber } of listed) {
    if (partNumber <= previous) {
      throw new S3Error("InvalidPartOrder", {
        message: `The list of parts was not in ascending order: part ${partNumber} follows part ${previous}`,
      });
    }
    previous = partNumber;
  }
}

function isSamePart(listed: CompletedPart, part: Part): boolean {
  if (listed.etag.toLowerCase() !== part.etag) return false;
  // A checksum by another algorithm than the upload's was checked when the part was uploaded.
  const { checksum } = listed;
  return !checksum || checksum.algorithm !== part.checksum?.algorithm || checksum.value === part.checksum.value;
}

function invalidPart({ partNumber, etag }: CompletedPart): S3Error {
  return new S3Error("InvalidPart", {
    message:
      "One or more of the specified parts could not be found. The part may not have been uploaded, or the " +
      "specified entity tag or checksum may not match the part's.",
    fields: { PartNumber: String(partNumber), ETag: etag },
  });
}

function requirePartSizes(parts: readonly Part[]): void {
  for (const { partNumber, size, etag } of parts.slice(0, -1)) {
    if (size >= LIMITS.minPartBytes) continue;
    throw new S3Error("EntityTooSmall", {
      message: "Your proposed upload is smaller than the minimum allowed size",
      fields: {
        ProposedSize: String(size),
        MinSizeAllowed: String(LIMITS.minPartBytes),
        PartNumber: String(partNumber),
        ETag: etag,
      },
    });
  }
}

function requireSize(parts: readonly Part[], announced: number | undefined): void {
  const size = totalSize(parts);
  if (size > LIMITS.objectBytes) throw tooLarge(size, LIMITS.objectBytes);
  if (announced !== undefined && announced !== size) {
    throw new S3Error("InvalidRequest", {
      message: `The provided 'x-amz-mp-object-size' header value ${announced} does not match what was computed: ${size}`,
    });
  }
}
