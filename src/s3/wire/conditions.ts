import { S3Error } from "../../model/errors.js";
import type { Preconditions } from "../../model/precondition.js";
import type { Headers } from "./headers.js";
import { parseEtags } from "./etag.js";
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

/** Writes know If-Match with ETags and If-None-Match with `*`; S3 answers NotImplemented to anything else. */
export function writeConditions(headers: Headers): Preconditions | undefined {
  const { ifMatch, ifNoneMatch } = readConditions(headers);
  if (ifNoneMatch && (ifNoneMatch.length > 1 || ifNoneMatch[0] !== "*")) {
    throw new S3Error("NotImplemented", { fields: { Header: "If-None-Match" } });
  }
  if (!ifMatch && !ifNoneMatch) return undefined;
  return { ...(ifMatch ? { ifMatch } : {}), ...(ifNoneMatch ? { ifNoneMatch } : {}) };
}
