import { S3Error } from "../../gateway/s3-error.js";

/**
 * Decodes once. `+` stays `+`: in a path it is an ordinary character (RFC 3986).
 * InvalidURI for a broken escape, invalid UTF-8, or NUL.
 */
export function decodePercent(raw: string): string {
  if (/^[\u0001-\u0024\u0026-\u007f]*$/.test(raw)) return raw;
  let text: string;
  try {
    text = decodeURIComponent(asciiUrl(raw));
  } catch (cause) {
    throw new S3Error("InvalidURI", { cause });
  }
  if (text.includes("\0")) throw new S3Error("InvalidURI");
  return text;
}

/** Node gives a URL's bytes as Latin-1 characters. Those beyond ASCII are replaced by their percent-escapes. */
export function asciiUrl(raw: string): string {
  if (!/[\u0080-\u00ff]/.test(raw)) return raw;
  return raw.replace(/[\u0080-\u00ff]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Escapes all but RFC 3986's unreserved characters. */
export function encodePercent(text: string): string {
  if (/^[A-Za-z0-9._~-]*$/.test(text)) return text;
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** As `encodePercent`, but keeps `/`: how S3 writes keys with encoding-type=url. */
export function encodeKey(text: string): string {
  return encodePercent(text).replaceAll("%2F", "/");
}
