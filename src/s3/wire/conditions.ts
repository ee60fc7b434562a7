import { S3Error } from "../../gateway/s3-error.js";
import type { Preconditions } from "../../model/precondition.js";
import type { Headers } from "./headers.js";
import { parseEtags } from "./etag.js";
import { parseHttpDate } from "./http-date.js";
import { defined } from "../../model/defined.js";

/**
 * `prefix` is "" or `x-amz-copy-source-`. As in RFC 9110, an invalid date is ignored (section 13.1.3), while a list
 * without any ETag is a condition that nothing meets (section 13.1.1).
 */
export function readConditions(headers: Headers, prefix = ""): Preconditions {
  const ifMatch = headers.get(`${prefix}if-match`);
  const ifNoneMatch = headers.get(`${prefix}if-none-match`);
  return defined({
    ifMatch: ifMatch === undefined ? undefined : parseEtags(ifMatch, "strong"),
    ifNoneMatch: ifNoneMatch === undefined ? undefined : parseEtags(ifNoneMatch, "weak"),
    ifModifiedSince: parseHttpDate(headers.get(`${prefix}if-modified-since`)),
    ifUnmodifiedSince: parseHttpDate(headers.get(`${prefix}if-unmodified-since`)),
  });
}

/**
 * As `readConditions`, with If-Range, which is one date or one strong ETag. Anything else is the ETag "", which no
 * object has.
 */
export function rangeConditions(headers: Headers): Preconditions {
  const conditions = readConditions(headers);
  const text = headers.get("if-range");
  if (text === undefined) return conditions;
  const etags = parseEtags(text, "strong");
  const etag = etags.length === 1 && etags !== "*" ? etags[0] : undefined;
  return { ifRange: parseHttpDate(text) ?? etag ?? "", ...conditions };
}

/** Writes have If-Match, and If-None-Match with `*`: NotImplemented for any other If-None-Match, as on AWS. */
export function writeConditions(headers: Headers): Preconditions | undefined {
  const { ifMatch, ifNoneMatch } = readConditions(headers);
  if (ifNoneMatch !== undefined && ifNoneMatch !== "*") {
    throw new S3Error("NotImplemented", { fields: { Header: "If-None-Match" } });
  }
  if (ifMatch === undefined && ifNoneMatch === undefined) return undefined;
  return defined({ ifMatch, ifNoneMatch });
}

/**
 * Deletions have If-Match, and conditions on the size and the last change of what is there. InvalidArgument for
 * unreadable ones.
 */
export function deleteConditions(headers: Headers): Preconditions | undefined {
  const { ifMatch } = readConditions(headers);
  const size = headers.get("x-amz-if-match-size");
  const modified = headers.get("x-amz-if-match-last-modified-time");
  const ifMatchModified = parseHttpDate(modified);
  const wrong = (name: string, value = "") =>
    new S3Error("InvalidArgument", { fields: { ArgumentName: name, ArgumentValue: value.slice(0, 100) } });
  if (size !== undefined && !/^\d{1,15}$/.test(size)) throw wrong("x-amz-if-match-size", size);
  if (modified !== undefined && ifMatchModified === undefined)
    throw wrong("x-amz-if-match-last-modified-time", modified);
  if (ifMatch === undefined && size === undefined && ifMatchModified === undefined) return undefined;
  return defined({ ifMatch, ifMatchSize: size === undefined ? undefined : Number(size), ifMatchModified });
}
