import type { PlaceLimits } from "./request-places.js";

export interface DispatchSettings extends PlaceLimits {
  readonly region: string;
  /** Also serve requests that were signed for another region. */
  readonly acceptAnyRegion: boolean;
  /** The domain of virtual-host style requests. Without it, only path style works. */
  readonly domain?: string;
  /** The domain of websites: each host below it is a bucket. Without it there are no websites. */
  readonly websiteDomain?: string;
  /** Time that a client has to send a document, or a form up to its file, in milliseconds. Then RequestTimeout. */
  readonly documentMs: number;
  /** A client that sends no byte of its body for this long, in milliseconds, gets RequestTimeout. */
  readonly bodyIdleMs: number;
  readonly keepAliveMs: number;
  /** The connection of a client that takes no byte of an answer for this long, in milliseconds, is closed. */
  readonly readIdleMs: number;
  /** Take the client's address and scheme from the nearest proxy's X-Forwarded-For and X-Forwarded-Proto. */
  readonly trustProxy: boolean;
}

export const dispatchDefaults: DispatchSettings = {
  region: "us-east-1",
  acceptAnyRegion: false,
  maxRequests: 1024,
  maxAnonymousRequests: 256,
  bodyIdleMs: 60_000,
  documentMs: 60_000,
  keepAliveMs: 10_000,
  readIdleMs: 120_000,
  trustProxy: false,
};
