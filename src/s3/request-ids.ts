import { randomBytes } from "node:crypto";

/** Identifies this process. Together with the request's ID it finds the request in the log. */
export const HOST_ID = randomBytes(48).toString("base64");

const DIGITS = 16;
/** Made in advance, in bulk: random bytes for one take as long as for many. */
const BATCH = 256;
let batch = "";
let next = 0;

/** Sixteen digits, as on AWS. */
export function newRequestId(): string {
  if (next === batch.length) {
    batch = randomBytes((BATCH * DIGITS) / 2)
      .toString("hex")
      .toUpperCase();
    next = 0;
  }
  return batch.slice(next, (next += DIGITS));
}
