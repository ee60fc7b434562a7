import type { Grant } from "./acl.js";

/** Where a bucket's access logs go. */
export interface LoggingConfiguration {
  readonly targetBucket: string;
  readonly targetPrefix: string;
  /** Grants on the log objects, in addition to the owner's. */
  readonly grants: readonly Grant[];
  /** Format of the keys after the prefix; `simple` by default. */
  readonly keyFormat?: "simple" | "EventTime" | "DeliveryTime";
}

/** One request in an access log. Undefined members are written as `-`. */
export interface AccessEntry {
  readonly bucket: string;
  /** Time of arrival, in milliseconds since 1970. */
  readonly time: number;
  readonly address: string;
  /** Account.id; undefined for an anonymous request. */
  readonly requester?: string | undefined;
  readonly requestId: string;
  /** Such as `REST.GET.OBJECT`. */
  readonly operation: string;
  readonly key?: string | undefined;
  /** The request line. */
  readonly requestUri: string;
  readonly status: number;
  readonly errorCode?: string | undefined;
  readonly bytesSent?: number | undefined;
  readonly objectSize?: number | undefined;
  readonly totalMs: number;
  /** From the request to the first byte of the answer. */
  readonly turnAroundMs?: number | undefined;
  readonly referrer?: string | undefined;
  readonly userAgent?: string | undefined;
  readonly versionId?: string | undefined;
  readonly hostId: string;
  readonly signature?: "SigV2" | "SigV4" | undefined;
  readonly authentication?: "AuthHeader" | "QueryString" | undefined;
  readonly host?: string | undefined;
}

/** A request to a bucket, which may have an access log. */
export interface LoggedRequest {
  readonly bucket: string;
  /** Made when it is asked for: most buckets have no log. */
  readonly entry: () => AccessEntry;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (value: number) => String(value).padStart(2, "0");

function logTime(ms: number): string {
  const at = new Date(ms);
  const time = [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()].map(two).join(":");
  return `[${two(at.getUTCDate())}/${MONTHS[at.getUTCMonth()] ?? ""}/${at.getUTCFullYear()}:${time} +0000]`;
}

/** Encodes what a client sent, so that it cannot end a field or a line. */
const plain = (text: string | undefined) => (text === undefined || text === "" ? "-" : encodeURI(text));
const quoted = (text: string) =>
  `"${text.replace(/["\u0000-\u001f\u007f]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, "0").toUpperCase()}`)}"`;

/** The line of a request in S3's format, its fields in S3's order, without the line's end. */
export function accessLine(entry: AccessEntry, bucketOwner: string): string {
  const or = (value: string | number | undefined) => (value === undefined || value === "" ? "-" : String(value));
  const orQuoted = (value: string | undefined) => (value === undefined || value === "" ? '"-"' : quoted(value));
  return [
    bucketOwner,
    entry.bucket,
    logTime(entry.time),
    plain(entry.address),
    or(entry.requester),
    entry.requestId,
    entry.operation,
    plain(entry.key),
    orQuoted(entry.requestUri),
    entry.status,
    or(entry.errorCode),
    or(entry.bytesSent === 0 ? undefined : entry.bytesSent),
    or(entry.objectSize),
    Math.round(entry.totalMs),
    or(entry.turnAroundMs === undefined ? undefined : Math.round(entry.turnAroundMs)),
    orQuoted(entry.referrer),
    orQuoted(entry.userAgent),
    plain(entry.versionId),
    entry.hostId,
    or(entry.signature),
    // Cipher suite: TLS ends before the gateway.
    "-",
    or(entry.authentication),
    plain(entry.host),
    // TLS version, access point, and whether an ACL was needed.
    "-",
    "-",
    "-",
  ].join(" ");
}

export interface LogSource {
  readonly bucket: string;
  readonly region: string;
  /** Account.id */
  readonly owner: string;
}

/**
 * The key of a log object. `events`: time of its first request. `unique`: distinguishes log objects of the same second.
 */
export function logKey(
  { targetPrefix, keyFormat = "simple" }: LoggingConfiguration,
  source: LogSource,
  events: number,
  delivery: number,
  unique: string,
): string {
  const [date = "", time = ""] = new Date(keyFormat === "EventTime" ? events : delivery)
    .toISOString()
    .slice(0, 19)
    .split("T");
  const stamp = `${date}-${keyFormat === "EventTime" ? "00-00-00" : time.replaceAll(":", "-")}-${unique}`;
  if (keyFormat === "simple") return targetPrefix + stamp;
  return `${targetPrefix}${source.owner}/${source.region}/${source.bucket}/${date.replaceAll("-", "/")}/${stamp}`;
}
