import { S3Error } from "./s3-error.js";
import { isLayout, LAYOUT_NAME, layouts } from "../model/layout.js";
import { PUBLIC_TAG, publicValues } from "../model/sharing.js";
import { GIB, KIB, MIB } from "../model/sizes.js";
import type { Tag } from "../model/tag.js";

/** S3's own limits, in bytes unless the name says otherwise. */
export const LIMITS = {
  /** One PutObject or UploadPart body. */
  putBytes: 5 * GIB,
  /** Every part of a completed upload but the last. */
  minPartBytes: 5 * MIB,
  maxPartNumber: 10_000,
  objectBytes: 5 * KIB * GIB,
  /** The UTF-8 form of a key. */
  keyBytes: 1024,
  /** Names and values of user metadata together, in UTF-8. */
  metadataBytes: 2 * KIB,
} as const;

/** EntityTooLarge in S3's words. Both in bytes. */
export function tooLarge(proposed: number, allowed: number): S3Error {
  return new S3Error("EntityTooLarge", {
    message: `Your proposed upload exceeds the maximum allowed size of ${allowed} bytes`,
    fields: { ProposedSize: String(proposed), MaxSizeAllowed: String(allowed) },
  });
}

/** IncompleteBody: the body has another size than its headers announced. Both in bytes. */
export function incompleteBody(announced: number, received: number): S3Error {
  return new S3Error("IncompleteBody", {
    message: `You did not provide the number of bytes that the request's headers announced: ${announced} bytes were announced, ${received} received`,
  });
}

/** KeyTooLongError above 1,024 bytes of UTF-8. */
export function requireKeyLength(key: string): void {
  const size = Buffer.byteLength(key);
  if (size <= LIMITS.keyBytes) return;
  throw new S3Error("KeyTooLongError", { fields: { Size: String(size), MaxSizeAllowed: String(LIMITS.keyBytes) } });
}

/** KeyTooLongError above 1,024 bytes of UTF-8; InvalidArgument for an empty key. */
export function requireKey(key: string): void {
  if (key === "") throw new S3Error("InvalidArgument", { message: "An object key must have at least one character" });
  requireKeyLength(key);
}

/** MetadataTooLarge above 2 KiB. Like S3, counts the bytes of names (without their prefix) and of values. */
export function requireMetadata(metadata: Readonly<Record<string, string>>): void {
  let size = 0;
  for (const [name, value] of Object.entries(metadata)) size += Buffer.byteLength(name) + Buffer.byteLength(value);
  if (size > LIMITS.metadataBytes) {
    throw new S3Error("MetadataTooLarge", {
      fields: { Size: String(size), MaxSizeAllowed: String(LIMITS.metadataBytes) },
    });
  }
  requireLayout(metadata[LAYOUT_NAME]);
}

/** InvalidArgument for a layout that there is not, as user metadata or as a bucket's tag. */
function requireLayout(value: string | undefined): void {
  if (value === undefined || isLayout(value)) return;
  throw new S3Error("InvalidArgument", {
    message: `${LAYOUT_NAME} must be ${layouts.join(" or ")}: a file of its own on CESS, or one shared with other small objects`,
    fields: { ArgumentName: LAYOUT_NAME, ArgumentValue: value },
  });
}

/** InvalidArgument for tags of a bucket that mean something to this gateway, and have a value that they cannot have. */
export function requireBucketTags(tags: readonly Tag[]): void {
  const valueOf = (name: string) => tags.find(({ key }) => key === name)?.value;
  requireLayout(valueOf(LAYOUT_NAME));
  const shared = valueOf(PUBLIC_TAG);
  if (shared === undefined || publicValues.some((value) => value === shared)) return;
  throw new S3Error("InvalidArgument", {
    message: `${PUBLIC_TAG} must be ${publicValues.join(" or ")}: whether everyone may read the bucket's files by their FIDs`,
    fields: { ArgumentName: PUBLIC_TAG, ArgumentValue: shared },
  });
}

/** InvalidArgument unless the part number is a whole number from 1 to 10,000. */
export function requirePartNumber(partNumber: number): void {
  if (Number.isInteger(partNumber) && partNumber >= 1 && partNumber <= LIMITS.maxPartNumber) return;
  throw new S3Error("InvalidArgument", {
    message: `Part number must be an integer between 1 and ${LIMITS.maxPartNumber}, inclusive`,
    fields: { ArgumentName: "partNumber", ArgumentValue: String(partNumber) },
  });
}
