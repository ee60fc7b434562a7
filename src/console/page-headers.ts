/**
 * What the page may do in a browser: load its own files, ask its own origin, and show what it made itself (`blob:`).
 * Nothing inline, nothing of others, in nobody's frame. Trusted Types keep text from becoming markup; the one policy
 * parses XML, which is not shown.
 */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "frame-src blob:",
  "manifest-src 'self'",
  "worker-src 'none'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types xml",
].join("; ");

/** What strangers wrote is never a page here: no script, no origin, whatever its Content-Type says. */
const FOREIGN_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'";

const COMMON = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "x-frame-options": "DENY",
};

/** Headers of the page's own files. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  ...COMMON,
  "content-security-policy": PAGE_POLICY,
  "permissions-policy":
    "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()",
};

/** Headers of what the page asks for under its origin: objects of users, and JSON. */
export const FOREIGN_HEADERS: Readonly<Record<string, string>> = {
  ...COMMON,
  "content-security-policy": FOREIGN_POLICY,
  "cache-control": "no-store",
};
