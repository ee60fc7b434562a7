import { DomainError } from "../../model/errors.js";

/** Codes of stores that have no room. */
const FULL: ReadonlySet<string> = new Set([
  "InsufficientStorage",
  "QuotaExceeded",
  "XMinioStorageFull",
  "XMinioAdminBucketQuotaExceeded",
  "EntityTooLarge.Quota",
]);
const MISSING: ReadonlySet<string> = new Set(["NoSuchKey", "NotFound"]);

export function isMissingObject(error: unknown): boolean {
  return error instanceof Error && MISSING.has(error.name);
}

/** The object ends before the bytes that were asked for. */
export function isOutsideObject(error: unknown): boolean {
  return error instanceof Error && (error.name === "InvalidRange" || statusOf(error) === 416);
}

/** All of it, or what was asked for. */
export function isGone(error: unknown): boolean {
  return isMissingObject(error) || isOutsideObject(error);
}

export function isFull(error: unknown): boolean {
  return error instanceof Error && (FULL.has(error.name) || statusOf(error) === 507);
}

/** What clients are told of a request to the store that failed, after all attempts. */
export function asStagingFailure(error: unknown): unknown {
  if (error instanceof DomainError) return error;
  if (isFull(error))
    return new DomainError({ kind: "storageFull" }, "The gateway's staging store is full.", { cause: error });
  return new DomainError({ kind: "dependencyUnavailable" }, "The gateway's staging store does not answer. Try again.", {
    cause: error,
  });
}

function statusOf(error: Error): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}
