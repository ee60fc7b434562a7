import { S3Error } from "../../gateway/s3-error.js";
import type { Preconditions } from "../../model/precondition.js";
import type { Headers } from "./headers.js";
import { parseEtags, unquoted } from "./etag.js";
import { parseHttpDate } from "./http-date.js";

/** `prefix` is "" or `x-amz-copy-source-`. Dates that are none are passed over, as RFC 9110 says. */
export function readConditions(headers: Headers, prefix = ""): Preconditions {
  const ifMatch = parseEtags(headers.get(`${prefix}if-match`));
  const ifNoneMatch = parseEtags(headers.get(`${prefix}if-none-match`));
  const ifModifiedSince = parseHttpDate(headers.get(`${prefix}if-modified-since`));
  const ifUnmodifiedSince = parseHttpDate(headers.get(`${prefix}if-unmodified-since`));
  return {
    ...(ifMatch ? { ifMatch } : {}),
    ...(ifNoneMatch ? { ifNoneMatch } : {}),
    ...(ifModifiedSince === undefined ? {} : { ifModifiedSince }),
    ...(ifUnmodifiedSince === undefined ? {} : { ifUnmodifiedSince }),
  };
}

/** As `readConditions`, with If-Range: it must be the very ETag, as no weak one is, or the very date. */
export function rangeConditions(headers: Headers): Preconditions {
  const text = headers.get("if-range");
  if (!text) return readConditions(headers);
  return {
    ...readConditions(headers),
    ifRange: parseHttpDate(text) ?? (text.startsWith("W/") ? text : unquoted(text)),
  };
}

/** Writes know If-Match with ETags and If-None-Match with `*`; S3 answers NotImplemented to anything else. */
export function writeConditions(headers: Headers): Preconditions | undefined {
  const { ifMatch, ifNoneMatch } = readConditions(headers);
  if (ifNoneMatch && (ifNoneMatch.length > 1 || ifNoneMatch[0] !== "*")) {
    throw new S3Error("NotImplemented", { fields: { Header: "If-None-Match" } });
  }
  if (!ifMatch && !ifNoneMatch) return undefined;
  return { ...(ifMatch ? { ifMatch } : {}), ...(ifNoneMatch ? { ifNoneMatch } : {}) };
}

/** Deletions know If-Match, and of what is there its size and its last change. */
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
  if (!ifMatch && size === undefined && ifMatchModified === undefined) return undefined;
  return {
    ...(ifMatch ? { ifMatch } : {}),
    ...(size === undefined ? {} : { ifMatchSize: Number(size) }),
    ...(ifMatchModified === undefined ? {} : { ifMatchModified }),
  };
}
