import type { EtagCondition } from "../../model/precondition.js";

export function quoted(etag: string): string {
  return `"${etag}"`;
}

/** Clients send ETags with quotes, without, and as `W/"…"`. */
export function unquoted(etag: string): string {
  return etag
    .trim()
    .replace(/^W\//, "")
    .replace(/^"(.*)"$/s, "$1");
}

/** One ETag of a list: in quotes, or without them, as some clients send it. `W/` marks a weak one. */
const LISTED = /(W\/)?(?:"([^"]*)"|([^\s,]+))/g;

/**
 * Parses If-Match or If-None-Match: `*`, or a list of ETags. A header without any ETag is an empty list, and `"*"` in
 * quotes is an ordinary ETag. Strong comparison, for If-Match, leaves weak ETags out: they match nothing (RFC 9110
 * section 8.8.3.2).
 */
export function parseEtags(header: string, comparison: "strong" | "weak"): EtagCondition {
  if (header.trim() === "*") return "*";
  return [...header.matchAll(LISTED)]
    .filter(([, weak]) => comparison === "weak" || weak === undefined)
    .map(([, , inQuotes, bare]) => inQuotes ?? bare ?? "");
}
