import { S3Error } from "../../gateway/s3-error.js";
import { isHeaderName, type Headers } from "./headers.js";

/** S3's limit for user metadata: names and values together, in bytes of UTF-8. */
const MAX_METADATA = 2048;
const PREFIX = "x-amz-meta-";
/** RFC 2047: an encoded word has at most 75 characters; 45 bytes make 60 of base64. */
const WORD_BYTES = 45;

/** Names without the prefix, in lower case. */
export function userMetadata(headers: Headers): Record<string, string> {
  const pairs = headers.withPrefix(PREFIX);
  const size = pairs.reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0);
  if (size > MAX_METADATA) {
    throw new S3Error("MetadataTooLarge", { fields: { Size: String(size), MaxSizeAllowed: String(MAX_METADATA) } });
  }
  return Object.fromEntries(pairs);
}

/**
 * The headers of an object's metadata. Earlier versions stored names that cannot be sent as headers: S3 counts these in
 * `x-amz-missing-meta`.
 */
export function metadataHeaders(metadata: Readonly<Record<string, string>> | undefined): Record<string, string> {
  const entries = Object.entries(metadata ?? {});
  const sendable = entries.filter(([name]) => isHeaderName(PREFIX + name));
  const missing = entries.length - sendable.length;
  return {
    ...Object.fromEntries(sendable.map(([name, value]) => [PREFIX + name, encodeWords(value)])),
    ...(missing === 0 ? {} : { "x-amz-missing-meta": String(missing) }),
  };
}

/** S3 returns values beyond printable ASCII as RFC 2047 encoded words. */
function encodeWords(value: string): string {
  if (/^[\t\x20-\x7e]*$/.test(value)) return value;
  const words: string[] = [];
  let word = "";
  for (const char of value) {
    // A character is never cut in two: each word must be UTF-8 by itself.
    if (Buffer.byteLength(word + char) > WORD_BYTES) {
      words.push(word);
      word = "";
    }
    word += char;
  }
  return [...words, word].map((text) => `=?UTF-8?B?${Buffer.from(text).toString("base64")}?=`).join(" ");
}
