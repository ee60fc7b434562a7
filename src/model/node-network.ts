/**
 * The network of a storage node, derived from its endpoint: the /16 of an IPv4 address, the /32 of an IPv6 address,
 * else the host's name. Nodes of one network are likely to fail together. Undefined when the endpoint is not a URL.
 */
export function nodeNetwork(endpoint: string): string | undefined {
  if (!URL.canParse(endpoint)) return undefined;
  const { hostname } = new URL(endpoint);
  if (hostname === "") return undefined;
  const ipv4 = /^(\d+)\.(\d+)\.\d+\.\d+$/.exec(hostname);
  if (ipv4) return `${ipv4[1]}.${ipv4[2]}.0.0/16`;
  if (!hostname.startsWith("[")) return hostname.toLowerCase();
  const all = ipv6Groups(hostname.slice(1, -1));
  return `${all[0] ?? "0"}:${all[1] ?? "0"}::/32`;
}

/** The eight groups of an IPv6 address, in hex; where an IPv4 address stands for the last two, it is one group. */
export function ipv6Groups(address: string): string[] {
  // "::" stands for the longest run of zeros.
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === "" ? 0 : tail.split(":").length);
  return [
    ...groups,
    ...Array<string>(missing).fill("0"),
    ...(tail === undefined || tail === "" ? [] : tail.split(":")),
  ];
}
