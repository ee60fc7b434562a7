import { createHash } from "node:crypto";

const LENGTH = 32;

/**
 * The file's name on chain, which everybody can read: an opaque token, "never an S3 bucket or key". The runtime wants 3
 * to 63 bytes, and at spec 100 chokes on j and J where the name is a bucket's, so it is hex digits written in the
 * letters a to q without j. It depends on the file's row alone, so an order sent twice is the same.
 */
export function orderName(fileRow: string): string {
  const digest = createHash("sha256").update(`order ${fileRow}`).digest("hex");
  const token = Array.from(digest, (digit) => "abcdefghiklmnopq"[parseInt(digit, 16)]).join("");
  return token.slice(0, LENGTH);
}
