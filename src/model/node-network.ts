/**
 * The network a storage node stands in, as far as its endpoint tells: the /16 of an IPv4 address, the /32 of an IPv6
 * address, else the host's name. Nodes of one network are likely to fail together. Undefined when it is no URL.
 */
export function nodeNetwork(endpoint: string): string | undefined {
  if (!URL.canParse(endpoint)) return undefined;
  const { hostname } = new URL(endpoint);
  if (hostname === "") return undefined;
  const ipv4 = /^(\d+)\.(\d+)\.\d+\.\d+$/.exec(hostname);
  if (ipv4) return `${ipv4[1]}.${ipv4[2]}.0.0/16`;
  if (!hostname.startsWith("[")) return hostname.toLowerCase();
  // A URL writes IPv6 with "::" for the longest run of zeros.
  const [head = "", tail] = hostname.slice(1, -1).split("::");
  const groups = head === "" ? [] : head.split(":");
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === "" ? 0 : tail.split(":").length);
  const all = [
    ...groups,
    ...Array<string>(missing).fill("0"),
    ...(tail === undefined || tail === "" ? [] : tail.split(":")),
  ];
  return `${all[0] ?? "0"}:${all[1] ?? "0"}::/32`;
}
