/** Whether a host, as in a listen address or a URL, is this machine's own, which no other machine can reach. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|\[?::1\]?|(?:\[?::ffff:)?127(?:\.\d{1,3}){3}\]?)$/i.test(host);
}
