import { createHmac } from "node:crypto";
import { S3Error } from "../../gateway/s3-error.js";
import type { RequestHead } from "../request.js";
import { parseHttpDate } from "../wire/http-date.js";
import { queryHeaders } from "../wire/query-headers.js";
import type { Mechanism } from "./mechanism.js";

/** What a request of Signature Version 2 says about its signature, not yet believed. */
export interface SignatureClaimsV2 {
  readonly place: Mechanism["place"];
  readonly accessKeyId: string;
  /** 20 bytes in base64. */
  readonly signature: string;
  /** The date line of the string to sign: `Expires` or `Date`, or empty for a request with `x-amz-date`. */
  readonly date: string;
  /** When the request was signed; for a presigned URL, when it expires. Milliseconds since 1970. */
  readonly time: number;
}

/**
 * The parameters that Version 2 signs: those that choose the operation, the version or the part, and `response-*`.
 * Parameters that S3 got after Version 2 are signed here, too: unsigned, they could be added to a presigned URL and turn
 * it into a request for another operation. What only narrows a listing (`prefix`, `marker`) is not signed in Version 2.
 */
const signedParameters: ReadonlySet<string> = new Set([
  "abac",
  "accelerate",
  "acl",
  "analytics",
  "annotation",
  "attributes",
  "cors",
  "delete",
  "encryption",
  "events",
  "intelligent-tiering",
  "inventory",
  "legal-hold",
  "lifecycle",
  "location",
  "logging",
  "metadataAnnotationTable",
  "metadataConfiguration",
  "metadataInventoryTable",
  "metadataJournalTable",
  "metadataTable",
  "metrics",
  "notification",
  "object-lock",
  "ownershipControls",
  "partNumber",
  "policy",
  "policyStatus",
  "publicAccessBlock",
  "renameObject",
  "replication",
  "requestPayment",
  "response-cache-control",
  "response-content-disposition",
  "response-content-encoding",
  "response-content-language",
  "response-content-type",
  "response-expires",
  "restore",
  "retention",
  "select",
  "select-type",
  "session",
  "storageClass",
  "tagging",
  "torrent",
  "uploadId",
  "uploads",
  "versionId",
  "versioning",
  "versions",
  "website",
  // Our own: what chooses an operation is always signed.
  "x-cess-receipt",
]);

/** Whether Version 2 signs a query parameter of this name. */
export function isSignedParameter(name: string): boolean {
  return signedParameters.has(name);
}

/** The latest time that a Date can hold, in seconds since 1970. */
const LAST_SECOND = 8_640_000_000_000;

const denied = (message: string) => new S3Error("AccessDenied", { message });
const invalid = (message: string, name: string, value?: string) =>
  new S3Error("InvalidArgument", {
    message,
    fields: { ArgumentName: name, ...(value === undefined ? {} : { ArgumentValue: value.slice(0, 200) }) },
  });

function queryClaims({ query }: RequestHead): SignatureClaimsV2 {
  const field = (name: string) => {
    const value = query.get(name);
    if (value) return value;
    throw denied("Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters");
  };
  const date = field("Expires");
  const seconds = Number(date);
  if (!/^\d{1,15}$/.test(date) || seconds > LAST_SECOND)
    throw denied(`Invalid date (should be seconds since epoch): ${date.slice(0, 100)}`);
  return {
    place: "query",
    accessKeyId: field("AWSAccessKeyId"),
    signature: field("Signature"),
    date,
    time: seconds * 1000,
  };
}

function headerClaims({ headers }: RequestHead): SignatureClaimsV2 {
  const authorization = headers.get("authorization") ?? "";
  const [, accessKeyId = "", signature = ""] = /^AWS\s+([^:\s]+):(\S+)$/.exec(authorization) ?? [];
  if (accessKeyId === "")
    throw invalid(
      "AWS authorization header is invalid. Expected AwsAccessKeyId:signature",
      "Authorization",
      authorization,
    );
  const amzDate = headers.get("x-amz-date");
  const date = headers.get("date") ?? "";
  const time = parseHttpDate(amzDate ?? date);
  if (time === undefined) throw denied("AWS authentication requires a valid Date or x-amz-date header");
  // The header x-amz-date is signed with the other x-amz-* headers, and its own line is empty.
  return { place: "header", accessKeyId, signature, date: amzDate === undefined ? date : "", time };
}

/** Reads the claims of a request that Version 2 signs in this place. AccessDenied, InvalidArgument. */
export function parseClaimsV2(head: RequestHead, place: Mechanism["place"]): SignatureClaimsV2 {
  return place === "header" ? headerClaims(head) : queryClaims(head);
}

/**
 * The string to sign has no escapes: a parameter's value that contains `&versionId=…` reads as two parameters. One
 * signature would then verify two different requests. InvalidArgument. (Headers cannot do this: they have no line breaks.)
 */
function refuseAmbiguous(name: string, value: string): void {
  for (const piece of value.split("&").slice(1)) {
    const [another = ""] = piece.split("=", 1);
    if (isSignedParameter(another))
      throw invalid(
        `Signature Version 2 cannot tell '&${another}' in a value from a parameter of its own. Sign the request with Signature Version 4.`,
        name,
        value,
      );
  }
}

function canonicalQuery({ query }: RequestHead): string {
  const repeated = query.repeated(isSignedParameter);
  if (repeated !== undefined) throw invalid("The query parameter is given more than once.", repeated);
  const parameters = [...query.entries()]
    .filter(([name]) => isSignedParameter(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, [value = ""]]) => {
      refuseAmbiguous(name, value);
      return value === "" ? name : `${name}=${value}`;
    });
  return parameters.length === 0 ? "" : `?${parameters.join("&")}`;
}

/**
 * The path as it was sent, still encoded, after the bucket where the host names it. A bucket's path may be signed with or
 * without a slash at its end, whatever was sent: boto3 sends `/bucket` and signs `/bucket/`.
 */
function canonicalPaths({ path }: RequestHead, hostBucket: string | undefined): readonly string[] {
  const whole = hostBucket === undefined ? path : `/${hostBucket}${path}`;
  if (!/^\/[^/]+\/?$/.test(whole)) return [whole];
  return [whole, whole.endsWith("/") ? whole.slice(0, -1) : `${whole}/`];
}

/**
 * The strings that the client may have signed, all for the same request; first the one with the path as it was sent.
 * `hostBucket`: the bucket of a virtual-host style request. InvalidArgument for a request that shares its string with a
 * different request, or whose parameters cannot be headers.
 */
export function stringsToSign(head: RequestHead, claims: SignatureClaimsV2, hostBucket?: string): readonly string[] {
  const headers = claims.place === "query" ? head.headers.with(queryHeaders(head, 2)) : head.headers;
  const amzHeaders = headers
    .withPrefix("x-amz-")
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `x-amz-${name}:${value}\n`);
  const query = canonicalQuery(head);
  return canonicalPaths(head, hostBucket).map((path) =>
    [
      head.method,
      headers.get("content-md5") ?? "",
      headers.get("content-type") ?? "",
      claims.date,
      amzHeaders.join("") + path + query,
    ].join("\n"),
  );
}

/** HMAC-SHA1 in base64: of a string to sign, or of a form's policy. */
export function signV2(text: string, secretAccessKey: string): string {
  return createHmac("sha1", secretAccessKey).update(text).digest("base64");
}
