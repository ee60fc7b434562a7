import { isHeaderName, type Headers } from "./headers.js";
import { requireMetadata } from "../../gateway/limits.js";

const PREFIX = "x-amz-meta-";
/** RFC 2047: an encoded word has at most 75 characters; 45 bytes make 60 of base64. */
const WORD_BYTES = 45;

/** Names without the prefix, in lower case. MetadataTooLarge. */
export function userMetadata(headers: Headers): Record<string, string> {
  const metadata = Object.fromEntries(headers.withPrefix(PREFIX));
  requireMetadata(metadata);
  return metadata;
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

/** S3 answers values beyond printable ASCII as RFC 2047 encoded words. */
function encodeWords(value: string): string {
  if (/^[\t\x20-\x7e]*$/.test(value)) return value;
  const words: string[] = [];
  let word = "";
  for (const char of value) {
    // A character is never split between words: each word must be valid UTF-8 by itself.
    if (Buffer.byteLength(word + char) > WORD_BYTES) {
      words.push(word);
      word = "";
    }
    word += char;
  }
  return [...words, word].map((text) => `=?UTF-8?B?${Buffer.from(text).toString("base64")}?=`).join(" ");
}
