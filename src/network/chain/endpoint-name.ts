/**
 * How messages name a chain node: by scheme, host and port. The rest of its URL is often the key to a paid endpoint, and
 * messages go to the log.
 */
export function endpointName(url: string): string {
  if (!URL.canParse(url)) return "the chain endpoint";
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}
