/** `*` for any object, or ETags without their quotes. An empty list is a condition, too: no object matches it. */
export type EtagCondition = "*" | readonly string[];

/** Conditional headers. Dates in milliseconds since 1970, whole seconds. */
export interface Preconditions {
  readonly ifMatch?: EtagCondition;
  readonly ifNoneMatch?: EtagCondition;
  readonly ifModifiedSince?: number;
  readonly ifUnmodifiedSince?: number;
  /** Of ranges: the ETag, or the second of the last change, of the bytes that the range is to be of. */
  readonly ifRange?: string | number;
  /**
   * Of deletions: the size in bytes, and the second of the last change (milliseconds), that what is there must have.
   */
  readonly ifMatchSize?: number;
  readonly ifMatchModified?: number;
}

/** What a precondition is tested against; undefined stands for "no such object". */
export interface Subject {
  readonly etag: string;
  readonly createdAt: number;
  readonly size?: number;
}

const matches = (condition: EtagCondition, etag: string) => condition === "*" || condition.includes(etag);
const wholeSecond = (ms: number) => Math.floor(ms / 1000) * 1000;

/**
 * RFC 9110 section 13.2.2 for reads: If-Match outranks If-Unmodified-Since, If-None-Match outranks If-Modified-Since.
 */
export function checkRead(conditions: Preconditions, subject: Subject): "proceed" | "not-modified" | "failed" {
  const modified = wholeSecond(subject.createdAt);
  if (conditions.ifMatch) {
    if (!matches(conditions.ifMatch, subject.etag)) return "failed";
  } else if (conditions.ifUnmodifiedSince !== undefined && modified > conditions.ifUnmodifiedSince) return "failed";
  if (conditions.ifNoneMatch) {
    if (matches(conditions.ifNoneMatch, subject.etag)) return "not-modified";
  } else if (conditions.ifModifiedSince !== undefined && modified <= conditions.ifModifiedSince) return "not-modified";
  return "proceed";
}

/**
 * Whether what is there is what the range was meant of; where it is not, all of it is due (RFC 9110 section 13.1.5).
 */
export function rangeHolds({ ifRange }: Preconditions, subject: Subject): boolean {
  return (
    ifRange === undefined || ifRange === (typeof ifRange === "string" ? subject.etag : wholeSecond(subject.createdAt))
  );
}

/**
 * For writes S3 knows If-Match (of what is there; absent is NoSuchKey) and If-None-Match. Size and last change of a
 * deletion are asked of what is there alone.
 */
export function checkWrite(conditions: Preconditions, current: Subject | undefined): "proceed" | "failed" | "missing" {
  const { ifMatch, ifMatchSize, ifMatchModified } = conditions;
  if (!current && ifMatch) return "missing";
  if (current && ifMatch && !matches(ifMatch, current.etag)) return "failed";
  if (current && ifMatchSize !== undefined && ifMatchSize !== current.size) return "failed";
  if (current && ifMatchModified !== undefined && ifMatchModified !== wholeSecond(current.createdAt)) return "failed";
  if (conditions.ifNoneMatch && current && matches(conditions.ifNoneMatch, current.etag)) return "failed";
  return "proceed";
}
