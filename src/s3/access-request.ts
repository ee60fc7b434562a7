import type { AccessRequest, AccessRule } from "../gateway/gateway.js";
import { ANONYMOUS, type AccessKey, type Account } from "../model/account.js";
import { S3Error, toS3Error } from "../gateway/s3-error.js";
import type { Address } from "./address.js";
import type { Authentication } from "./auth/authenticate.js";
import type { AnyOperation } from "./operation.js";
import type { RequestHead, S3Request } from "./request.js";
import { tagConditions, taggingHeader } from "./wire/tagging.js";

/** Where and when a request came from. */
export interface Origin {
  /** IP address of the client. */
  readonly address: string;
  readonly secure: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** The requester's account; ANONYMOUS without a signature. */
export function accountOf({ accessKey }: Authentication): Account {
  return accessKey?.account ?? ANONYMOUS;
}

/**
 * Collects the properties of a request that permissions depend on. Conditions on the document have values once the
 * document is read. Nothing is decided here.
 */
export function accessRequest(
  head: RequestHead,
  address: Address,
  authentication: Authentication,
  { name: operation, access: rule, conditions }: Pick<AnyOperation, "name" | "access" | "conditions">,
  origin: Origin,
  request: Pick<S3Request, "document">,
): AccessRequest {
  const { accessKey } = authentication;
  const versionId = head.query.get("versionId");
  return {
    operation,
    rule,
    bucket: address.bucket,
    key: address.key,
    versionId,
    ...(rule.resource === "upload" ? { uploadId: head.query.get("uploadId") ?? "" } : {}),
    furtherActions: furtherActions(head, rule),
    anonymous: accessKey === undefined,
    pays: head.headers.get("x-amz-request-payer")?.toLowerCase() === "requester",
    ...(accessKey ? requesterOf(accessKey) : {}),
    conditions: (key) =>
      derivedValues(
        key,
        (name) =>
          documentCondition(conditions, request.document, name) ??
          conditionValues(name, head, authentication, operation, rule, origin),
        origin,
      ),
    expectedOwner: expectedOwner(head, "x-amz-expected-bucket-owner"),
    expectedSourceOwner: expectedOwner(head, "x-amz-source-expected-bucket-owner"),
  };
}

function requesterOf({ accessKeyId, limits, policies, session }: AccessKey) {
  return { accessKeyId: session ? session.parent : accessKeyId, limits, policies, session };
}

/** The account ID in a header: 64 hex digits as here, or 12 digits as on AWS. InvalidBucketOwnerAWSAccountID. */
function expectedOwner({ headers }: RequestHead, name: string): string | undefined {
  const id = headers.get(name);
  if (id === undefined || /^([0-9a-f]{64}|\d{12})$/i.test(id)) return id;
  throw new S3Error("InvalidBucketOwnerAWSAccountID", { fields: { [name]: id.slice(0, 100) } });
}

/** The value of a condition key in the document. A malformed document has none; the operation's parser refuses it later. */
function documentCondition(
  conditions: AnyOperation["conditions"],
  document: string,
  key: string,
): readonly string[] | undefined {
  if (!conditions || document === "") return undefined;
  try {
    const values = conditions(document);
    return Object.hasOwn(values, key) ? values[key] : undefined;
  } catch (failure) {
    if (toS3Error(failure)) return undefined;
    throw failure;
  }
}

/** The values of a condition key. One key is computed from another: the remaining days from the end of a retention. */
function derivedValues(
  key: string,
  values: (key: string) => readonly string[] | undefined,
  { now }: Origin,
): readonly string[] | undefined {
  if (key !== "s3:object-lock-remaining-retention-days") return values(key);
  const until = Date.parse(values("s3:object-lock-retain-until-date")?.[0] ?? "");
  return Number.isNaN(until) ? undefined : [String(Math.ceil((until - now) / 86_400_000))];
}

/** The actions that headers ask for in addition to the operation's own. */
function furtherActions({ headers }: RequestHead, rule: AccessRule): string[] {
  const further: string[] = [];
  const bypass = headers.get("x-amz-bypass-governance-retention")?.toLowerCase() === "true";
  if (bypass && rule.resource !== "objects") further.push("s3:BypassGovernanceRetention");
  if (rule.resource === "newBucket") return bucketSettings(headers);
  if (!rule.creates) return further;
  if ((headers.get("x-amz-acl") ?? "") !== "" || headers.withPrefix("x-amz-grant-").length > 0)
    further.push("s3:PutObjectAcl");
  if ((headers.get("x-amz-tagging") ?? "") !== "") further.push("s3:PutObjectTagging");
  if (headers.get("x-amz-object-lock-mode") !== undefined) further.push("s3:PutObjectRetention");
  if (headers.get("x-amz-object-lock-legal-hold") !== undefined) further.push("s3:PutObjectLegalHold");
  return further;
}

/** The actions of CreateBucket's headers, beside s3:CreateBucket itself, as on AWS. */
function bucketSettings(headers: RequestHead["headers"]): string[] {
  const further: string[] = [];
  if ((headers.get("x-amz-acl") ?? "") !== "" || headers.withPrefix("x-amz-grant-").length > 0)
    further.push("s3:PutBucketAcl");
  if (headers.get("x-amz-object-ownership") !== undefined) further.push("s3:PutBucketOwnershipControls");
  if (headers.get("x-amz-bucket-object-lock-enabled")?.toLowerCase() === "true")
    further.push("s3:PutBucketObjectLockConfiguration", "s3:PutBucketVersioning");
  return further;
}

/** Condition keys whose value is that of a header. */
const fromHeaders: Readonly<Record<string, string>> = {
  "aws:referer": "referer",
  "aws:useragent": "user-agent",
  "s3:if-match": "if-match",
  "s3:if-none-match": "if-none-match",
};
/** The same for writes. Other operations ignore these headers. */
const fromWrites: Readonly<Record<string, string>> = {
  "s3:object-lock-mode": "x-amz-object-lock-mode",
  "s3:object-lock-retain-until-date": "x-amz-object-lock-retain-until-date",
  "s3:object-lock-legal-hold": "x-amz-object-lock-legal-hold",
};
/** Condition keys whose value is that of a query parameter. */
const fromQuery: Readonly<Record<string, string>> = {
  "s3:prefix": "prefix",
  "s3:delimiter": "delimiter",
  "s3:max-keys": "max-keys",
  "s3:versionid": "versionId",
};

function conditionValues(
  key: string,
  head: RequestHead,
  authentication: Authentication,
  operation: string,
  { creates }: AccessRule,
  origin: Origin,
): readonly string[] | undefined {
  const { accessKey, presigned, form, version, signedAt } = authentication;
  const one = (value: string | undefined) => (value === undefined ? undefined : [value]);
  const header = Object.hasOwn(fromHeaders, key)
    ? fromHeaders[key]
    : creates && Object.hasOwn(fromWrites, key)
      ? fromWrites[key]
      : undefined;
  if (header !== undefined) return one(head.headers.get(header));
  const parameter = Object.hasOwn(fromQuery, key) ? fromQuery[key] : undefined;
  if (parameter !== undefined) return one(head.query.get(parameter));
  if (key.startsWith("s3:x-amz-")) return one(head.headers.get(key.slice(3)));
  if (key.startsWith("s3:requestobjecttag")) {
    const tags = creates ? taggingHeader(head.headers) : undefined;
    return tags && tagConditions(tags)[key];
  }
  switch (key) {
    case "aws:sourceip":
      return [origin.address];
    case "aws:securetransport":
      return [String(origin.secure)];
    case "aws:currenttime":
      return [new Date(origin.now).toISOString()];
    case "aws:epochtime":
      return [String(Math.floor(origin.now / 1000))];
    case "s3:authtype":
      return accessKey ? [form ? "POST" : presigned ? "REST-QUERY-STRING" : "REST-HEADER"] : undefined;
    case "s3:signatureage":
      return one(signedAt === undefined ? undefined : String(Math.max(0, origin.now - signedAt)));
    case "s3:objectcreationoperation":
      return [String(creates === "object" || operation === "CompleteMultipartUpload")];
    case "s3:signatureversion":
      return accessKey ? [version === 2 ? "AWS" : "AWS4-HMAC-SHA256"] : undefined;
    default:
      return undefined;
  }
}
