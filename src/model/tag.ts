import { DomainError } from "./errors.js";

/** A tag of a bucket or an object. */
export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** S3's limits; lengths in UTF-16 units, as AWS counts. */
export const TAG_LIMITS = { object: 10, bucket: 50, key: 128, value: 256 } as const;

/** Letters, spaces and digits of any script, and `_ . : / = + - @`. */
const CHARACTERS = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** Throws a DomainError `invalidTag` for a set that S3 would not take. */
export function requireTags(tags: readonly Tag[], limit: number): void {
  if (tags.length > limit)
    throw invalid(`${limit === TAG_LIMITS.object ? "Object" : "Bucket"} tags cannot be greater than ${limit}`);
  const seen = new Set<string>();
  for (const { key, value } of tags) {
    if (key.length === 0 || key.length > TAG_LIMITS.key || !CHARACTERS.test(key))
      throw invalid("The TagKey you have provided is invalid", key);
    if (value.length > TAG_LIMITS.value || !CHARACTERS.test(value))
      throw invalid("The TagValue you have provided is invalid", key);
    if (key.startsWith("aws:")) throw invalid("System tags cannot be added/updated by requester", key);
    if (seen.has(key)) throw invalid("Cannot provide multiple Tags with the same key", key);
    seen.add(key);
  }
}

function invalid(message: string, key?: string): DomainError {
  const tag = key?.slice(0, TAG_LIMITS.key);
  return new DomainError({ kind: "invalidTag", ...(tag === undefined ? {} : { tag }) }, message);
}
