import { lookup, type LookupAddress } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

export interface EndpointPolicySettings {
  /** Whether endpoints may be in private networks or on this machine: only for one's own network. */
  readonly allowPrivate: boolean;
}

/** An endpoint that this gateway will not connect to. */
export class EndpointForbidden extends Error {
  constructor(message: string) {
    super(message);
    this.name = "EndpointForbidden";
  }
}

/** IPv4 networks that are not the public Internet (the IANA special-purpose registry, multicast and class E). */
const SPECIAL_IPV4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];
/** Of IPv6 only global unicast is public … */
const GLOBAL_IPV6 = ["2000::", 3] as const;
/** … less the parts of it that are documentation, protocol assignments, or tunnels with an IPv4 address inside. */
const SPECIAL_IPV6: readonly (readonly [string, number])[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

const special = new BlockList();
for (const [network, prefix] of SPECIAL_IPV4) special.addSubnet(network, prefix, "ipv4");
for (const [network, prefix] of SPECIAL_IPV6) special.addSubnet(network, prefix, "ipv6");
const globalIpv6 = new BlockList();
globalIpv6.addSubnet(...GLOBAL_IPV6, "ipv6");

/** Whether an IP address (4 or 6, without brackets) is one of the public Internet's. False for anything malformed. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !special.check(address, "ipv4");
  return family === 6 && globalIpv6.check(address, "ipv6") && !special.check(address, "ipv6");
}

/**
 * Endpoints on chain are written by strangers and may point at this machine or into its private network. Names are
 * judged by the addresses they resolve to, in the look-up of the connection itself: so a name whose address changes
 * between two look-ups (DNS rebinding) is refused, too.
 */
export class EndpointPolicy {
  constructor(private readonly settings: EndpointPolicySettings) {}

  /** The endpoint as a URL whose path ends in a slash. Throws EndpointForbidden. */
  parse(endpoint: string): URL {
    if (!URL.canParse(endpoint)) throw new EndpointForbidden("the endpoint is not a URL");
    const url = new URL(endpoint);
    if (url.protocol !== "http:" && url.protocol !== "https:") throw new EndpointForbidden(`not HTTP: ${url.protocol}`);
    if (url.username !== "" || url.password !== "") throw new EndpointForbidden("the endpoint carries credentials");
    if (url.search !== "" || url.hash !== "") throw new EndpointForbidden("the endpoint carries a query or a fragment");
    const host = url.hostname.replace(/^\[|\]$/g, "");
    // An address is connected to without any look-up, so it is judged here.
    if (isIP(host) !== 0) this.checkAddress(host);
    if (!url.pathname.endsWith("/")) url.pathname += "/";
    return url;
  }

  /** The look-up for connections: gives only addresses that are allowed; EndpointForbidden when none is. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) {
        callback(error, "", 0);
        return;
      }
      const allowed = addresses.filter(({ address }) => this.settings.allowPrivate || isPublicAddress(address));
      const first: LookupAddress | undefined = allowed[0];
      if (!first) callback(new EndpointForbidden(`${hostname} resolves to no public address`), "", 0);
      else if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };

  private checkAddress(address: string): void {
    if (this.settings.allowPrivate || isPublicAddress(address)) return;
    throw new EndpointForbidden(`${address} is not a public address`);
  }
}
