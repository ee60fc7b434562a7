import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

/*
 * AWS Signature Version 4, as S3 wants it. The hashes are JavaScript's own, not WebCrypto's, which browsers keep from
 * pages that came by plain HTTP from another machine: there people sign in, too.
 */

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Where a request goes: the host that it is signed for, the gateway's region, and the service: `s3` by default. */
export interface Target {
  readonly host: string;
  readonly region: string;
  readonly service?: string;
}

export interface Unsigned {
  readonly method: string;
  /** As S3 sees it: percent-encoded. */
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
  readonly headers: Readonly<Record<string, string>>;
  /** SHA-256 of the body in hex, or UNSIGNED-PAYLOAD. */
  readonly payload: string;
}

export const UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD";

const utf8 = new TextEncoder();

export const sha256Hex = (text: string | Uint8Array): string =>
  bytesToHex(sha256(typeof text === "string" ? utf8.encode(text) : text));

/** RFC 3986: all but letters, digits and `-._~` is encoded. Throws URIError for a lone surrogate, which no key has. */
export const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** Path of the service, a bucket, or an object. */
export function pathOf(bucket = "", key = ""): string {
  if (bucket === "") return "/";
  return key === "" ? `/${encode(bucket)}` : `/${encode(bucket)}/${key.split("/").map(encode).join("/")}`;
}

const timestamp = (now: Date) => now.toISOString().replace(/[-:]|\.\d{3}/g, "");

function canonicalQuery(query: Unsigned["query"]): string {
  const pairs = query.map(([name, value]) => [encode(name), encode(value)] as const);
  const sorted = pairs.sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0));
  return sorted.map(([name, value]) => `${name}=${value}`).join("&");
}

function signature(
  { method, path, query, payload }: Omit<Unsigned, "headers">,
  headers: Readonly<Record<string, string>>,
  { region, service = "s3" }: Target,
  { secretAccessKey }: Credentials,
  time: string,
): string {
  const names = Object.keys(headers).sort();
  const lines = names.map((name) => `${name}:${(headers[name] ?? "").trim().replace(/ +/g, " ")}\n`).join("");
  const canonical = [method, path, canonicalQuery(query), lines, names.join(";"), payload].join("\n");
  const day = time.slice(0, 8);
  const text = ["AWS4-HMAC-SHA256", time, `${day}/${region}/${service}/aws4_request`, sha256Hex(canonical)].join("\n");
  const by = (key: Uint8Array, part: string) => hmac(sha256, key, utf8.encode(part));
  const key = [day, region, service, "aws4_request"].reduce(by, utf8.encode(`AWS4${secretAccessKey}`));
  return bytesToHex(by(key, text));
}

/** The headers to send, `authorization` among them. Host is the browser's to send. */
export function signed(
  request: Unsigned,
  target: Target,
  credentials: Credentials,
  now: Date,
): Readonly<Record<string, string>> {
  const time = timestamp(now);
  const lower = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]));
  const sent: Record<string, string> = {
    ...lower,
    "x-amz-date": time,
    "x-amz-content-sha256": request.payload,
    ...(credentials.sessionToken !== undefined && { "x-amz-security-token": credentials.sessionToken }),
  };
  // A browser may change others on their way, such as Content-Type.
  const covered = Object.fromEntries(Object.entries(sent).filter(([name]) => name.startsWith("x-amz-")));
  const headers = { ...covered, host: target.host };
  const names = Object.keys(headers).sort().join(";");
  const scope = `${time.slice(0, 8)}/${target.region}/${target.service ?? "s3"}/aws4_request`;
  const proof = signature(request, headers, target, credentials, time);
  return {
    ...sent,
    authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${proof}`,
  };
}

/** The query of a link that works for `seconds` without further credentials. */
export function presigned(
  request: Pick<Unsigned, "method" | "path" | "query">,
  target: Target,
  credentials: Credentials,
  now: Date,
  seconds: number,
): string {
  const time = timestamp(now);
  const query: (readonly [string, string])[] = [
    ...request.query,
    ["X-Amz-Algorithm", "AWS4-HMAC-SHA256"],
    ["X-Amz-Credential", `${credentials.accessKeyId}/${time.slice(0, 8)}/${target.region}/s3/aws4_request`],
    ["X-Amz-Date", time],
    ["X-Amz-Expires", String(seconds)],
    ["X-Amz-SignedHeaders", "host"],
    ...(credentials.sessionToken === undefined ? [] : ([["X-Amz-Security-Token", credentials.sessionToken]] as const)),
  ];
  const unsigned = { ...request, query, payload: UNSIGNED_PAYLOAD };
  const proof = signature(unsigned, { host: target.host }, target, credentials, time);
  return `${canonicalQuery(query)}&X-Amz-Signature=${proof}`;
}
