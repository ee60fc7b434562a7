import { createHash, timingSafeEqual } from "node:crypto";
import { TokenBuckets } from "../async/token-buckets.js";
import type { Clock } from "../model/clock.js";

export interface AdminAccessComponents {
  /** The bearer token; undefined: everyone who reaches the listener is the operator. */
  readonly token: () => string | undefined;
  readonly clock: Pick<Clock, "now">;
  readonly log: { warn(fields: object, message: string): void };
}

/** Who sent a request: the operator, someone who sent no token, or someone who is refused. */
export type Requester =
  | { readonly kind: "operator"; readonly by: string }
  | { readonly kind: "stranger" }
  | { readonly kind: "refused"; readonly status: number; readonly reason: string; readonly retrySeconds?: number };

/** Wrong tokens of one address: so many at once, then one in six seconds. */
const TRIES = { burst: 10, perSecond: 1 / 6 };

const digest = (text: string) => createHash("sha256").update(text).digest();

/** Tells the operator from others, by a bearer token. */
export class AdminAccess {
  readonly tries: TokenBuckets;

  constructor(private readonly components: AdminAccessComponents) {
    this.tries = new TokenBuckets(components.clock, TRIES);
  }

  /** `authorization` is the header's value; `address` the peer's, or empty. */
  identify(authorization: string | undefined, address: string): Requester {
    const token = this.components.token();
    if (token === undefined) return { kind: "operator", by: `${address}, without a token` };
    if (authorization === undefined) return { kind: "stranger" };
    const retryMs = this.tries.wait(address);
    // Nothing is compared: the answer to a guess comes no faster than the tries are allowed.
    if (retryMs > 0) {
      const reason = "too many wrong tokens came from this address: try again later";
      return { kind: "refused", status: 429, reason, retrySeconds: Math.ceil(retryMs / 1000) };
    }
    const [, given = ""] = /^Bearer +(\S+) *$/i.exec(authorization) ?? [];
    const [wanted, found] = [digest(token), digest(given)];
    // Of digests, so that neither length nor beginning of the token can be told from the time it takes.
    if (timingSafeEqual(wanted, found))
      return { kind: "operator", by: `token ${wanted.toString("hex").slice(0, 8)} from ${address}` };
    this.tries.take(address);
    this.components.log.warn({ address }, "a request to the admin listener had a wrong token");
    return { kind: "refused", status: 401, reason: "the token is wrong" };
  }
}
