import { DomainError, type Problem } from "../model/errors.js";

/**
 * The codes of all errors that clients may get: S3's own, and a few for the network's refusals. s3/error-response.ts has
 * the HTTP status and the default message of each.
 */
export const errorKinds = [
  "AccessDenied",
  "AuthorizationHeaderMalformed",
  "AuthorizationQueryParametersError",
  "BadDigest",
  "BadRequest",
  "BucketAlreadyExists",
  "BucketAlreadyOwnedByYou",
  "BucketNotEmpty",
  "ConditionalRequestConflict",
  "EntityTooLarge",
  "EntityTooSmall",
  "ExpiredToken",
  "IllegalVersioningConfigurationException",
  "IncompleteBody",
  "InternalError",
  "InvalidAccessKeyId",
  "InvalidArgument",
  "InvalidBucketName",
  "InvalidBucketState",
  "InvalidChunkSizeError",
  "InvalidDigest",
  "InvalidEncryptionAlgorithmError",
  "InvalidLocationConstraint",
  "InvalidObjectState",
  "InvalidPart",
  "InvalidPartNumber",
  "InvalidPartOrder",
  "InvalidRange",
  "InvalidRequest",
  "InvalidRetentionPeriod",
  "InvalidStorageClass",
  "InvalidTag",
  "InvalidTargetBucketForLogging",
  "InvalidToken",
  "InvalidURI",
  "KMS.DisabledException",
  "KMS.InvalidKeyUsageException",
  "KMS.NotFoundException",
  "KeyTooLongError",
  "MalformedXML",
  "MaxMessageLengthExceeded",
  "MetadataTooLarge",
  "MethodNotAllowed",
  "MissingContentLength",
  "MissingSecurityHeader",
  "NoSuchBucket",
  "NoSuchKey",
  "NoSuchUpload",
  "NoSuchVersion",
  "NotImplemented",
  "NotModified",
  "OperationAborted",
  "PermanentRedirect",
  "PreconditionFailed",
  "RequestTimeTooSkewed",
  "RequestTimeout",
  "ServiceUnavailable",
  "SignatureDoesNotMatch",
  "SlowDown",
  "XAmzContentSHA256Mismatch",
  "AccessControlListNotSupported",
  "AccessForbidden",
  "MalformedTrailerError",
  "MissingRequestBodyError",
  "InvalidBucketAclWithObjectOwnership",
  "InvalidBucketOwnerAWSAccountID",
  "InvalidPolicyDocument",
  "MalformedACLError",
  "MalformedPOSTRequest",
  "MalformedPolicy",
  "MaxPostPreDataLengthExceededError",
  "NoSuchPublicAccessBlockConfiguration",
  "OwnershipControlsNotFoundError",
  "UnexpectedContent",
  "UnresolvableGrantByEmailAddress",
  // For a configuration that was never set on the bucket, as on AWS.
  "MetadataConfigurationNotFound",
  "NoSuchBucketPolicy",
  "NoSuchConfiguration",
  "NoSuchCORSConfiguration",
  "NoSuchLifecycleConfiguration",
  "NoSuchObjectLockConfiguration",
  "NoSuchTagSet",
  "NoSuchWebsiteConfiguration",
  "ObjectLockConfigurationNotFoundError",
  "ReplicationConfigurationNotFoundError",
  "ServerSideEncryptionConfigurationNotFoundError",
  // Our own: refusals for which S3 has no code.
  "QuotaExceeded",
  "InsufficientStorage",
  "TerritoryTooSmall",
  "TerritoryNotFound",
  "TerritoryNotActive",
  "LeaseTooShort",
  "GatewayNotAuthorized",
  "ObjectUnavailable",
] as const;

export type ErrorKind = (typeof errorKinds)[number];

export interface ErrorDetails {
  /** Replaces the kind's default message. Says what to do if the client can do something. */
  readonly message?: string;
  /** The `<Resource>` of the answer, such as a key. The request's path by default. */
  readonly resource?: string;
  /** Further elements of the XML answer, such as `Region` or `ActualObjectSize`. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Further headers of the answer, such as `x-amz-bucket-region`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** An error that a client may see. Other errors, except DomainErrors, become InternalError and are logged. */
export class S3Error extends Error {
  constructor(
    readonly kind: ErrorKind,
    readonly details: ErrorDetails = {},
  ) {
    super(details.message ?? kind, details.cause === undefined ? {} : { cause: details.cause });
    this.name = "S3Error";
  }
}

/** The error that a client gets for a failure; undefined for a failure that clients are told nothing about. */
export function toS3Error(failure: unknown): S3Error | undefined {
  if (failure instanceof S3Error) return failure;
  return failure instanceof DomainError ? fromDomain(failure) : undefined;
}

/** Exhaustive: a new kind of DomainError does not compile until it has its code here. */
function fromDomain(error: DomainError): S3Error {
  const { problem, message } = error;
  const refuse = (kind: ErrorKind, details: ErrorDetails = {}) => new S3Error(kind, { ...details, cause: error });
  switch (problem.kind) {
    case "noBucket":
      return refuse("NoSuchBucket", { resource: problem.bucket });
    case "bucketNotEmpty":
      return refuse("BucketNotEmpty", { resource: problem.bucket });
    case "noObject":
      return refuse("NoSuchKey", { resource: problem.key });
    case "preconditionFailed":
      return refuse("PreconditionFailed", { resource: problem.key });
    case "noUpload":
      return refuse("NoSuchUpload", { resource: problem.uploadId });
    case "partReplaced":
      return refuse("InvalidPart", { message });
    case "copySourceDeleted":
      return refuse("OperationAborted", { message });
    case "objectLocked":
      return refuse("AccessDenied", { message: "Access Denied because object protected by object lock." });
    case "invalidTag":
      return refuse("InvalidTag", {
        message,
        ...(problem.tag === undefined ? {} : { fields: { TagKey: problem.tag } }),
      });
    case "invalidPolicy":
      return refuse("MalformedPolicy", {
        message,
        ...(problem.action === undefined ? {} : { fields: { Detail: problem.action } }),
      });
    case "noKmsKey":
      return refuse("KMS.NotFoundException", { message, fields: { KeyId: problem.keyId } });
    case "kmsKeyDisabled":
      return refuse("KMS.DisabledException", { message, fields: { KeyId: problem.keyId } });
    case "kmsKeyUnsuitable":
      return refuse("KMS.InvalidKeyUsageException", { message, fields: { KeyId: problem.keyId } });
    case "kmsKeyForbidden":
      return refuse("AccessDenied", { message, fields: { KeyId: problem.keyId } });
    case "quotaExceeded":
      return refuse("QuotaExceeded", { message, fields: quotaFields(problem) });
    case "invalidToken":
      return refuse("InvalidToken", { message });
    case "expiredToken":
      return refuse("ExpiredToken");
    case "storageFull":
      return refuse("InsufficientStorage", { message });
    case "catalogBusy":
      return refuse("SlowDown");
    case "overloaded":
      return refuse("SlowDown", { message });
    case "dependencyUnavailable":
      return refuse("ServiceUnavailable", { message });
    case "notStored":
      return refuse("InvalidObjectState", { message, headers: { "x-cess-state": problem.state } });
    case "wrongCipher":
      return refuse("AccessDenied", { message });
    case "noCipherNeeded":
    case "noReceipt":
    case "fileHeldOtherwise":
      return refuse("InvalidRequest", { message });
    // What can never succeed is no 503: SDKs would try it again and again.
    case "fileUnverifiable":
      return refuse("InvalidObjectState", { message });
    // Neither can this, until the object is put again; but S3 has no other code for what the server has lost.
    case "stagedBytesDamaged":
      return refuse("InternalError", { message, headers: { "x-cess-state": "damaged" } });
    case "objectUnavailable":
      return refuse("ObjectUnavailable", { message });
  }
}

function quotaFields({ limit, used, what }: Extract<Problem, { readonly kind: "quotaExceeded" }>) {
  return { Quota: String(limit), Used: String(used), Unit: what };
}
