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

/** If-Match and If-None-Match: a list of ETags, or `*`. Undefined where nothing is listed. */
export function parseEtags(header: string | undefined): readonly string[] | undefined {
  const tags = (header ?? "")
    .split(",")
    .map(unquoted)
    .filter((tag) => tag !== "");
  return tags.length === 0 ? undefined : tags;
}
