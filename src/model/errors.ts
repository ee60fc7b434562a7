/**
 * Every way a request can be refused, by S3's own code where S3 has one. The HTTP status and default text of each stand
 * in one exhaustive map in s3/error-response.ts.
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
  // What AWS answers to a read of a configuration that a bucket never got.
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
  // Ours: the network's refusals, which S3 has no word for.
  "InsufficientStorage",
  "TerritoryTooSmall",
  "TerritoryNotFound",
  "TerritoryNotActive",
  "GatewayNotAuthorized",
  "ObjectUnavailable",
] as const;

export type ErrorKind = (typeof errorKinds)[number];

export interface ErrorDetails {
  /** Replaces the kind's default text; says what to do where something can be done. */
  readonly message?: string;
  /** The wrong thing itself (a key, a header's name): S3's `<Resource>` and its like. */
  readonly resource?: string;
  /** Further elements of the XML answer, such as `Region` or `ActualObjectSize`. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Headers the answer must carry, such as `x-amz-bucket-region`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** A refusal a client may see. Anything else that is thrown becomes InternalError and is logged with its cause. */
export class S3Error extends Error {
  constructor(
    readonly kind: ErrorKind,
    readonly details: ErrorDetails = {},
  ) {
    super(details.message ?? kind, details.cause === undefined ? {} : { cause: details.cause });
    this.name = "S3Error";
  }
}

/** What was thrown, or what a signal was aborted with, as an Error: either may be anything. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}
