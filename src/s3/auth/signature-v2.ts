import { createHmac } from "node:crypto";
import { S3Error } from "../../gateway/s3-error.js";
import type { RequestHead } from "../request.js";
import { parseHttpDate } from "../wire/http-date.js";

/** What a request of Signature Version 2 says about itself, not yet believed. */
export interface ClaimV2 {
  readonly place: "header" | "query";
  readonly accessKeyId: string;
  /** 20 bytes in base64. */
  readonly signature: string;
  /** The line of the string to sign that stands for the time: `Expires`, `Date`, or nothing beside `x-amz-date`. */
  readonly date: string;
  /** Of a signed header: when it was signed; of a presigned URL: when it ends. Milliseconds since 1970. */
  readonly time: number;
}

/**
 * Parameters that name what is done rather than qualify it; they alone, and `response-*`, are signed. Those younger
 * than this signature stand here too: added to a presigned URL they would turn it into another operation's.
 */
const signedParameters = new Set([
  "accelerate",
  "acl",
  "analytics",
  "attributes",
  "cors",
  "delete",
  "encryption",
  "inventory",
  "legal-hold",
  "lifecycle",
  "location",
  "logging",
  "metrics",
  "notification",
  "object-lock",
  "ownershipControls",
  "partNumber",
  "policy",
  "policyStatus",
  "publicAccessBlock",
  "replication",
  "requestPayment",
  "restore",
  "retention",
  "select",
  "select-type",
  "storageClass",
  "tagging",
  "torrent",
  "uploadId",
  "uploads",
  "versionId",
  "versioning",
  "versions",
  "website",
  "response-cache-control",
  "response-content-disposition",
  "response-content-encoding",
  "response-content-language",
  "response-content-type",
  "response-expires",
]);

/** Latest time a Date can hold, in seconds since 1970. */
const LAST_SECOND = 8_640_000_000_000;

const denied = (message: string) => new S3Error("AccessDenied", { message });

function queryClaim(head: RequestHead): ClaimV2 {
  const field = (name: string) => {
    const value = head.query.get(name);
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

function headerClaim(authorization: string, head: RequestHead): ClaimV2 {
  const [, accessKeyId = "", signature = ""] = /^AWS\s+([^:\s]+):(\S+)$/.exec(authorization) ?? [];
  if (accessKeyId === "") {
    throw new S3Error("InvalidArgument", {
      message: "AWS authorization header is invalid. Expected AwsAccessKeyId:signature",
      fields: { ArgumentName: "Authorization", ArgumentValue: authorization.slice(0, 200) },
    });
  }
  const amzDate = head.headers.get("x-amz-date");
  const date = head.headers.get("date") ?? "";
  const time = parseHttpDate(amzDate ?? date);
  if (time === undefined) throw denied("AWS authentication requires a valid Date or x-amz-date header");
  // The header x-amz-date is signed as a header; its line stays empty then.
  return { place: "header", accessKeyId, signature, date: amzDate === undefined ? date : "", time };
}

/** Undefined for a request that is not of Signature Version 2. */
export function parseClaimV2(head: RequestHead): ClaimV2 | undefined {
  const authorization = head.headers.get("authorization");
  if (authorization !== undefined) return /^AWS\s/.test(authorization) ? headerClaim(authorization, head) : undefined;
  const inQuery = head.query.has("AWSAccessKeyId") || (head.query.has("Signature") && head.query.has("Expires"));
  return inQuery ? queryClaim(head) : undefined;
}

/** Presigned URLs may hold headers as parameters; the header itself comes first. */
function headerOrParameter(head: RequestHead, claim: ClaimV2, name: string): string {
  return head.headers.get(name) ?? (claim.place === "query" ? head.query.get(name) : undefined) ?? "";
}

function amzHeaders(head: RequestHead, claim: ClaimV2): string {
  const values = new Map<string, string>();
  for (const name of head.headers.names())
    if (name.startsWith("x-amz-")) values.set(name, head.headers.get(name) ?? "");
  if (claim.place === "query") {
    for (const [parameter, found] of head.query.entries()) {
      const name = parameter.toLowerCase();
      if (name.startsWith("x-amz-") && !values.has(name)) values.set(name, found.join(","));
    }
  }
  const lines = [...values]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${value.trim().replace(/\s*\n\s*/g, " ")}\n`);
  return lines.join("");
}

/**
 * The path as it was sent, with the bucket in front where the host names it, and the parameters that are signed,
 * decoded.
 */
function canonicalResource(head: RequestHead, hostBucket: string | undefined): string {
  const parameters = [...head.query.entries()]
    .filter(([name]) => signedParameters.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, [value = ""]]) => (value === "" ? name : `${name}=${value}`));
  const bucket = hostBucket === undefined ? "" : `/${hostBucket}`;
  return bucket + head.path + (parameters.length === 0 ? "" : `?${parameters.join("&")}`);
}

export interface ComputedV2 {
  readonly signature: string;
  readonly stringToSign: string;
}

/** HMAC-SHA1 in base64, of any text: also of a form's policy. */
export function signV2(text: string, secretAccessKey: string): string {
  return createHmac("sha1", secretAccessKey).update(text).digest("base64");
}

/** The signature the client should have sent. `hostBucket`: the bucket of a virtual-host style request. */
export function computeSignatureV2(
  head: RequestHead,
  claim: ClaimV2,
  hostBucket: string | undefined,
  secretAccessKey: string,
): ComputedV2 {
  const stringToSign = [
    head.method,
    headerOrParameter(head, claim, "content-md5"),
    headerOrParameter(head, claim, "content-type"),
    claim.date,
    amzHeaders(head, claim) + canonicalResource(head, hostBucket),
  ].join("\n");
  return { signature: signV2(stringToSign, secretAccessKey), stringToSign };
}
