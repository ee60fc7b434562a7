import { S3Error } from "../gateway/s3-error.js";

/** Counts a request. Returns 0, or how long until one more is allowed, ms. */
export interface RequestRates {
  address(address: string): number;
  /** Called when the key's signature was verified: nobody can use up another one's requests. */
  key(accessKeyId: string): number;
}

/** SlowDown, with the time to wait, where a request came too early by this many milliseconds. */
export function requireRate(waitMs = 0): void {
  if (waitMs > 0) throw new S3Error("SlowDown", { headers: { "Retry-After": String(Math.ceil(waitMs / 1000)) } });
}
