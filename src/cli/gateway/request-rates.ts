import type { IncomingMessage } from "node:http";
import { isIPv6 } from "node:net";
import { TokenBuckets, type BucketRate } from "../../async/token-buckets.js";
import type { Config } from "../../config/config.js";
import type { RateSettings } from "../../config/listener-settings.js";
import type { Clock } from "../../model/clock.js";
import { ipv6Groups } from "../../model/node-network.js";
import type { RequestRates } from "../../s3/request-rates.js";

/** Seconds whose requests may come at once, unless the operator says otherwise. */
const BURST_SECONDS = 5;
/** Of a text that stands for an address: with a proxy in front it comes in a header. */
const MAX_ADDRESS_LENGTH = 64;

type Limits = Pick<Config["limits"], "perKey" | "perAddress">;

/** How many requests a second an access key and an address may send. */
export class ConfiguredRates implements RequestRates {
  readonly refused = { key: 0, address: 0 };
  readonly keys: TokenBuckets;
  readonly addresses: TokenBuckets;

  constructor(clock: Pick<Clock, "now">, { perKey, perAddress }: Limits) {
    this.keys = new TokenBuckets(clock, bucketRate(perKey));
    this.addresses = new TokenBuckets(clock, bucketRate(perAddress));
  }

  configure({ perKey, perAddress }: Limits): void {
    this.keys.setRate(bucketRate(perKey));
    this.addresses.setRate(bucketRate(perAddress));
  }

  address(address: string): number {
    const waitMs = this.addresses.take(clientNetwork(address));
    if (waitMs > 0) this.refused.address++;
    return waitMs;
  }

  key(accessKeyId: string): number {
    const waitMs = this.keys.take(accessKeyId);
    if (waitMs > 0) this.refused.key++;
    return waitMs;
  }
}

/** A rate of the configuration: what comes at once is what comes in some seconds. */
export function bucketRate({ requestsPerSecond, burst }: RateSettings): BucketRate {
  return {
    perSecond: requestsPerSecond,
    burst: burst ?? Math.max(1, Math.ceil(requestsPerSecond * BURST_SECONDS)),
  };
}

/** An IPv4 address, or the /64 network of an IPv6 one: its owner has all addresses in it. */
export function clientNetwork(address: string): string {
  if (!isIPv6(address)) return address.slice(0, MAX_ADDRESS_LENGTH);
  const [plain = ""] = address.split("%", 1);
  const network = ipv6Groups(plain).slice(0, 4);
  return `${network.map((group) => parseInt(group, 16).toString(16)).join(":")}::/64`;
}
/** The client's address: with `trustProxy`, what the proxy in front has added last. */
export function clientAddress({ headers, socket }: IncomingMessage, trustProxy: boolean): string {
  const forwarded = trustProxy
    ? String(headers["x-forwarded-for"] ?? "")
        .split(",")
        .at(-1)
        ?.trim()
    : undefined;
  const address = forwarded === undefined || forwarded === "" ? (socket.remoteAddress ?? "") : forwarded;
  return address.replace(/^::ffff:(?=\d+\.)/, "");
}
