/** `*` for any object, or ETags without quotes. No object matches an empty list. */
export type EtagCondition = "*" | readonly string[];

/** Conditional headers. Dates are whole seconds, in milliseconds since 1970. */
export interface Preconditions {
  readonly ifMatch?: EtagCondition;
  readonly ifNoneMatch?: EtagCondition;
  readonly ifModifiedSince?: number;
  readonly ifUnmodifiedSince?: number;
  /** If-Range: the ETag, or the time of the last change, of the object that the range is meant for. */
  readonly ifRange?: string | number;
  /**
   * For deletions: the size in bytes, and the time of the last change, that the object must have.
   */
  readonly ifMatchSize?: number;
  readonly ifMatchModified?: number;
}

/** The object that a precondition is tested against. */
export interface Subject {
  readonly etag: string;
  readonly createdAt: number;
  readonly size?: number;
}

const matches = (condition: EtagCondition, etag: string) => condition === "*" || condition.includes(etag);
const wholeSecond = (ms: number) => Math.floor(ms / 1000) * 1000;

/**
 * Tests the preconditions of a read by RFC 9110 section 13.2.2: If-Match takes precedence over If-Unmodified-Since, and
 * If-None-Match over If-Modified-Since.
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
 * Whether the range is meant for the object as it is now. If not, the whole object must be sent (RFC 9110 section
 * 13.1.5).
 */
export function rangeApplies({ ifRange }: Preconditions, subject: Subject): boolean {
  return (
    ifRange === undefined || ifRange === (typeof ifRange === "string" ? subject.etag : wholeSecond(subject.createdAt))
  );
}

/**
 * Tests the preconditions of a write: If-Match (`missing` if there is no object), If-None-Match, and for deletions size
 * and last change, which are ignored if there is no object. `current`: undefined if there is no object.
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
