import type { AccessEntry, LoggedRequest } from "../model/access-log.js";
import type { Address } from "./address.js";
import type { Authentication } from "./auth/authenticate.js";
import type { RequestHead } from "./request.js";
import type { Exchange } from "./send.js";

/** Facts about a request for the access log, collected while it is served. */
export interface AccessFacts {
  head?: RequestHead;
  address?: Address;
  authentication?: Authentication;
  /** IP address of the client. */
  from?: string;
  errorCode?: string;
  /** The request failed because its client hung up. No error was sent. */
  hungUp?: true;
  /** Milliseconds from the request's head until its answer was ready to be sent. */
  servedMs?: number;
}

/** The resource of an operation in S3's logs, if it is not OBJECT or BUCKET. */
const resources: Readonly<Record<string, string>> = {
  AbortMultipartUpload: "UPLOAD",
  CompleteMultipartUpload: "UPLOAD",
  ListParts: "UPLOAD",
  CreateMultipartUpload: "UPLOADS",
  ListMultipartUploads: "UPLOADS",
  UploadPart: "PART",
  UploadPartCopy: "PART",
  DeleteObjects: "MULTI_OBJECT_DELETE",
  ListObjectVersions: "BUCKETVERSIONS",
  GetBucketAcl: "ACL",
  PutBucketAcl: "ACL",
  GetObjectAcl: "ACL",
  PutObjectAcl: "ACL",
  GetObjectAttributes: "OBJECT_ATTRIBUTES",
  GetObjectTagging: "OBJECT_TAGGING",
  PutObjectTagging: "OBJECT_TAGGING",
  DeleteObjectTagging: "OBJECT_TAGGING",
  GetObjectReceipt: "OBJECT_RECEIPT",
  GetObjectRetention: "OBJECT_LOCK_RETENTION",
  PutObjectRetention: "OBJECT_LOCK_RETENTION",
  GetObjectLegalHold: "OBJECT_LOCK_LEGALHOLD",
  PutObjectLegalHold: "OBJECT_LOCK_LEGALHOLD",
  GetObjectLockConfiguration: "OBJECT_LOCK_CONFIGURATION",
  PutObjectLockConfiguration: "OBJECT_LOCK_CONFIGURATION",
  GetBucketPolicyStatus: "POLICY_STATUS",
  GetBucketLogging: "LOGGING_STATUS",
  PutBucketLogging: "LOGGING_STATUS",
  GetPublicAccessBlock: "PUBLIC_ACCESS_BLOCK",
  PutPublicAccessBlock: "PUBLIC_ACCESS_BLOCK",
  DeletePublicAccessBlock: "PUBLIC_ACCESS_BLOCK",
  GetBucketOwnershipControls: "OWNERSHIP_CONTROLS",
  PutBucketOwnershipControls: "OWNERSHIP_CONTROLS",
  DeleteBucketOwnershipControls: "OWNERSHIP_CONTROLS",
};
/** Sub-resources of buckets, by the part of the operation's name after `GetBucket`, `PutBucket` or `DeleteBucket`. */
const subResources: Readonly<Record<string, string>> = {
  Policy: "BUCKETPOLICY",
  Lifecycle: "LIFECYCLE",
  LifecycleConfiguration: "LIFECYCLE",
  NotificationConfiguration: "NOTIFICATION",
  RequestPayment: "REQUEST_PAYMENT",
  AccelerateConfiguration: "ACCELERATE",
  Location: "LOCATION",
  Versioning: "VERSIONING",
  Website: "WEBSITE",
  Cors: "CORS",
  Tagging: "TAGGING",
  Encryption: "ENCRYPTION",
  Replication: "REPLICATION",
};

/** The operation's name in S3's logs, such as `REST.GET.OBJECT`. */
function operationName(name: string, method: string, scope: Address["scope"]): string {
  if (name === "Website") return `WEBSITE.${method}.OBJECT`;
  if (method === "OPTIONS") return "REST.OPTIONS.PREFLIGHT";
  const verb = name === "CopyObject" || name === "UploadPartCopy" ? "COPY" : method;
  const [, sub = ""] = /^(?:Get|Put|Delete)Bucket(.+)$/.exec(name) ?? [];
  const own = Object.hasOwn(resources, name)
    ? resources[name]
    : Object.hasOwn(subResources, sub)
      ? subResources[sub]
      : undefined;
  return `REST.${verb}.${own ?? (scope === "object" || name === "PostObject" ? "OBJECT" : "BUCKET")}`;
}

const count = (value: unknown) => (/^\d+$/.test(String(value)) ? Number(value) : undefined);

/** The size of the object in bytes; undefined if the headers do not tell it. */
function objectSize(name: string, head: RequestHead, headers: Exchange["headers"], status: number): number | undefined {
  if (status >= 300) return undefined;
  const reads = name === "GetObject" || name === "HeadObject" || name === "Website";
  if (reads) return count(/\/(\d+)$/.exec(String(headers["Content-Range"] ?? ""))?.[1] ?? headers["Content-Length"]);
  return name === "PutObject" || name === "UploadPart"
    ? count(head.headers.get("x-amz-decoded-content-length") ?? head.headers.get("content-length"))
    : undefined;
}

type About = { readonly requestId: string; readonly hostId: string; readonly operation: string };
type Times = Pick<AccessEntry, "time" | "status" | "totalMs">;

/** A request for the access log of its bucket; undefined if it was not about an existing bucket. */
export function loggedRequest(
  exchange: Exchange,
  facts: AccessFacts,
  about: About,
  times: Times,
): LoggedRequest | undefined {
  const { head, address, errorCode } = facts;
  if (!head || !address || address.scope === "service") return undefined;
  if (errorCode === "NoSuchBucket" || errorCode === "InvalidBucketName") return undefined;
  const { bucket } = address;
  return { bucket, entry: () => accessEntry(exchange, { ...facts, head, address }, about, times) };
}

function accessEntry(
  { request, headers, sent }: Exchange,
  {
    head,
    address,
    authentication,
    from = "",
    errorCode,
    servedMs,
  }: AccessFacts & { readonly head: RequestHead; readonly address: Address },
  about: About,
  { time, status, totalMs }: Times,
): AccessEntry {
  const { accessKey, version, presigned = false, form } = authentication ?? {};
  return {
    bucket: address.bucket,
    time,
    address: from,
    requester: accessKey?.account.id,
    requestId: about.requestId,
    operation: operationName(about.operation, head.method, address.scope),
    key: address.key,
    requestUri: `${request.method ?? ""} ${request.url ?? ""} HTTP/${request.httpVersion}`,
    status,
    errorCode,
    bytesSent: sent,
    objectSize: objectSize(about.operation, head, headers, status),
    totalMs,
    turnAroundMs: servedMs,
    referrer: head.headers.get("referer"),
    userAgent: head.headers.get("user-agent"),
    versionId: head.query.get("versionId"),
    hostId: about.hostId,
    host: head.headers.get("host"),
    ...(version === undefined ? {} : { signature: version === 2 ? "SigV2" : "SigV4" }),
    ...(accessKey && !form ? { authentication: presigned ? "QueryString" : "AuthHeader" } : {}),
  };
}
