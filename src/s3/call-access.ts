import type { CallAccess } from "../gateway/gateway.js";
import { ANONYMOUS, type Account } from "../model/account.js";
import type { Address } from "./address.js";
import type { Authentication } from "./auth/authenticate.js";
import type { RequestHead } from "./request.js";
import { taggingHeader } from "./wire/tagging.js";

/** What is known of the connection. */
export interface Origin {
  /** IP address of the client. */
  readonly address: string;
  readonly secure: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export function accountOf({ accessKey }: Authentication): Account {
  return accessKey?.account ?? ANONYMOUS;
}

/** What permissions ask of a request. Nothing is decided here. */
export function callAccess(head: RequestHead, address: Address, authentication: Authentication, operation: string, origin: Origin): CallAccess {
  const { accessKey } = authentication;
  const versionId = head.query.get("versionId");
  return {
    operation, bucket: address.bucket, key: address.key, versionId, also: alsoAsked(head, operation),
    anonymous: accessKey === undefined, ...(accessKey ? { accessKeyId: accessKey.accessKeyId, limits: accessKey.limits } : {}),
    conditions: (key) => conditionValues(key, head, authentication, origin),
    expectedOwner: head.headers.get("x-amz-expected-bucket-owner"),
    expectedSourceOwner: head.headers.get("x-amz-source-expected-bucket-owner"),
  };
}

const writes = new Set(["PutObject", "CopyObject", "CreateMultipartUpload", "PostObject"]);

/** Headers that do what has an action of its own. */
function alsoAsked({ headers }: RequestHead, operation: string): string[] {
  const also: string[] = [];
  const bypass = headers.get("x-amz-bypass-governance-retention")?.toLowerCase() === "true";
  if (bypass && operation !== "DeleteObjects") also.push("s3:BypassGovernanceRetention");
  if (!writes.has(operation)) return also;
  if ((headers.get("x-amz-acl") ?? "") !== "" || headers.withPrefix("x-amz-grant-").length > 0) also.push("s3:PutObjectAcl");
  if ((headers.get("x-amz-tagging") ?? "") !== "") also.push("s3:PutObjectTagging");
  if (headers.get("x-amz-object-lock-mode") !== undefined) also.push("s3:PutObjectRetention");
  if (headers.get("x-amz-object-lock-legal-hold") !== undefined) also.push("s3:PutObjectLegalHold");
  return also;
}

/** Keys that are a header's value under another name, and those that are a parameter's. */
const fromHeaders: Readonly<Record<string, string>> = {
  "aws:referer": "referer", "aws:useragent": "user-agent", "s3:if-match": "if-match", "s3:if-none-match": "if-none-match",
  "s3:object-lock-mode": "x-amz-object-lock-mode", "s3:object-lock-retain-until-date": "x-amz-object-lock-retain-until-date",
  "s3:object-lock-legal-hold": "x-amz-object-lock-legal-hold",
};
const fromQuery: Readonly<Record<string, string>> = {
  "s3:prefix": "prefix", "s3:delimiter": "delimiter", "s3:max-keys": "max-keys", "s3:versionid": "versionId",
};

function conditionValues(key: string, head: RequestHead, { accessKey, presigned, form, version }: Authentication, origin: Origin): readonly string[] | undefined {
  const one = (value: string | undefined) => (value === undefined ? undefined : [value]);
  const header = Object.hasOwn(fromHeaders, key) ? fromHeaders[key] : undefined;
  if (header !== undefined) return one(head.headers.get(header));
  const parameter = Object.hasOwn(fromQuery, key) ? fromQuery[key] : undefined;
  if (parameter !== undefined) return one(head.query.get(parameter));
  if (key.startsWith("s3:x-amz-")) return one(head.headers.get(key.slice(3)));
  if (key.startsWith("s3:requestobjecttag")) return requestTags(key, head);
  switch (key) {
    case "aws:sourceip": return [origin.address];
    case "aws:securetransport": return [String(origin.secure)];
    case "aws:currenttime": return [new Date(origin.now).toISOString()];
    case "aws:epochtime": return [String(Math.floor(origin.now / 1000))];
    case "s3:authtype": return accessKey ? [form ? "POST" : presigned ? "REST-QUERY-STRING" : "REST-HEADER"] : undefined;
    case "s3:signatureversion": return accessKey ? [version === 2 ? "AWS" : "AWS4-HMAC-SHA256"] : undefined;
    default: return undefined;
  }
}

function requestTags(key: string, { headers }: RequestHead): readonly string[] | undefined {
  const tags = taggingHeader(headers);
  if (!tags) return undefined;
  if (key === "s3:requestobjecttagkeys") return tags.map((tag) => tag.key);
  const wanted = key.slice(key.indexOf("/") + 1);
  return tags.filter((tag) => tag.key === wanted).map((tag) => tag.value);
}
