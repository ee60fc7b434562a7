import { S3Error } from "../../gateway/s3-error.js";

/**
 * Decodes exactly once. `+` stays `+`: in a path it is an ordinary character (RFC 3986).
 * InvalidURI for a broken escape, bytes that are no UTF-8, or NUL.
 */
export function decodePercent(raw: string): string {
  let text: string;
  try {
    text = decodeURIComponent(asciiUrl(raw));
  } catch (cause) {
    throw new S3Error("InvalidURI", { cause });
  }
  if (text.includes("\0")) throw new S3Error("InvalidURI");
  return text;
}

/** Node hands the bytes of a URL over as Latin-1; those beyond ASCII are written as the escapes they stand for. */
export function asciiUrl(raw: string): string {
  return raw.replace(/[\u0080-\u00ff]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Everything but RFC 3986's unreserved characters is escaped. */
export function encodePercent(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** As `encodePercent`, with `/` left alone: how S3 writes keys under encoding-type=url. */
export function encodeKey(text: string): string {
  return encodePercent(text).replaceAll("%2F", "/");
}
