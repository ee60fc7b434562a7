import { createHash } from "node:crypto";

/**
 * The number of a lock in PostgreSQL, from its name: 64 bits of a hash, as text, because it may be beyond 2^53. Two names
 * with one number cost waiting, nothing else.
 */
export function advisoryLock(name: string): string {
  return createHash("sha256").update(`cess-s3 ${name}`).digest().readBigInt64BE().toString();
}

/** Of the whole catalog: shared by intents that name what they touch. */
export const CATALOG_LOCK = advisoryLock("catalog");
