import type { ErrorKind, S3Error } from "../gateway/s3-error.js";
import type { S3Response } from "./operation.js";
import { writeFields, XML_DECLARATION } from "./wire/xml-writer.js";

interface ErrorText {
  readonly status: number;
  readonly message: string;
}

const error = (status: number, message: string): ErrorText => ({ status, message });

const notConfigured = (what: string) => error(404, `The ${what} does not exist.`);

/** The status and default message of each kind. Exhaustive: a new kind does not compile until it is here. */
const texts: Readonly<Record<ErrorKind, ErrorText>> = {
  AccessControlListNotSupported: error(400, "The bucket does not allow ACLs."),
  AccessDenied: error(403, "Access Denied"),
  AccessForbidden: error(403, "CORSResponse: CORS is not enabled for this bucket."),
  AuthorizationHeaderMalformed: error(400, "The authorization header that you provided is not valid."),
  AuthorizationQueryParametersError: error(400, "The authorization query parameters that you provided are not valid."),
  BadDigest: error(400, "The Content-MD5 or checksum value that you specified did not match what the server received."),
  BadRequest: error(400, "Bad Request"),
  BucketAlreadyExists: error(409, "The requested bucket name is not available. Select a different name and try again."),
  BucketAlreadyOwnedByYou: error(
    409,
    "Your previous request to create the named bucket succeeded and you already own it.",
  ),
  BucketNotEmpty: error(409, "The bucket that you tried to delete is not empty."),
  ConditionalRequestConflict: error(
    409,
    "The conditional request cannot succeed due to a conflicting operation against this resource.",
  ),
  EntityTooLarge: error(400, "Your proposed upload exceeds the maximum allowed object size."),
  EntityTooSmall: error(400, "Your proposed upload is smaller than the minimum allowed size."),
  ExpiredToken: error(400, "The provided token has expired."),
  GatewayNotAuthorized: error(403, "The gateway is not authorized by the account that owns the territory."),
  IllegalVersioningConfigurationException: error(400, "The Versioning element must be specified"),
  IncompleteBody: error(400, "You did not provide the number of bytes specified by the Content-Length HTTP header."),
  InsufficientStorage: error(507, "The gateway has no room left to stage this object. Try again later."),
  InternalError: error(500, "We encountered an internal error. Please try again."),
  InvalidAccessKeyId: error(403, "The access key ID you provided does not exist in our records."),
  InvalidArgument: error(400, "Invalid Argument"),
  InvalidBucketAclWithObjectOwnership: error(
    400,
    "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
  ),
  InvalidBucketName: error(400, "The specified bucket is not valid."),
  InvalidBucketOwnerAWSAccountID: error(
    400,
    "The value of the expected bucket owner parameter must be an AWS account ID or a canonical user ID.",
  ),
  InvalidBucketState: error(409, "The request is not valid for the current state of the bucket."),
  InvalidChunkSizeError: error(403, "Only the last chunk is allowed to have a size less than 8192 bytes"),
  InvalidDigest: error(400, "The Content-MD5 you specified is not valid."),
  InvalidEncryptionAlgorithmError: error(
    400,
    "The encryption request that you specified is not valid. The valid value is AES256.",
  ),
  InvalidLocationConstraint: error(400, "The specified location constraint is not valid."),
  InvalidObjectState: error(403, "The operation is not valid for the object's current state."),
  InvalidPart: error(
    400,
    "One or more of the specified parts could not be found. The part might not have been uploaded, or the specified entity tag might not have matched the part's entity tag.",
  ),
  InvalidPartNumber: error(416, "The requested partnumber is not satisfiable."),
  InvalidPartOrder: error(400, "The list of parts was not in ascending order. Parts must be ordered by part number."),
  InvalidPolicyDocument: error(
    400,
    "The content of the form does not meet the conditions specified in the policy document.",
  ),
  InvalidRange: error(416, "The requested range is not satisfiable."),
  InvalidRequest: error(400, "Invalid Request"),
  InvalidRetentionPeriod: error(400, "The default retention period must be a positive integer value."),
  InvalidStorageClass: error(400, "The storage class you specified is not valid."),
  InvalidTag: error(400, "The tag provided was not a valid tag."),
  InvalidTargetBucketForLogging: error(
    400,
    "The target bucket for logging does not exist, is not owned by you, or does not have the appropriate grants for the log-delivery group.",
  ),
  InvalidToken: error(400, "The provided token is malformed or otherwise invalid."),
  InvalidURI: error(400, "Couldn't parse the specified URI."),
  "KMS.DisabledException": error(400, "The KMS key is disabled."),
  "KMS.InvalidKeyUsageException": error(400, "The KMS key cannot be used to encrypt."),
  "KMS.NotFoundException": error(400, "The KMS key does not exist."),
  KeyTooLongError: error(400, "Your key is too long."),
  MalformedACLError: error(
    400,
    "The XML you provided was not well-formed or did not validate against our published schema",
  ),
  MalformedPOSTRequest: error(400, "The body of your POST request is not well-formed multipart/form-data."),
  MalformedPolicy: error(400, "The policy is not valid."),
  MalformedTrailerError: error(
    400,
    "The request contained trailing data that was not well-formed or did not conform to our published schema.",
  ),
  MalformedXML: error(
    400,
    "The XML you provided was not well-formed or did not validate against our published schema.",
  ),
  MaxMessageLengthExceeded: error(400, "Your request was too large."),
  MaxPostPreDataLengthExceededError: error(400, "Your POST request fields preceding the upload file were too large."),
  MetadataConfigurationNotFound: notConfigured("metadata configuration"),
  MetadataTooLarge: error(400, "Your metadata headers exceed the maximum allowed metadata size."),
  MethodNotAllowed: error(405, "The specified method is not allowed against this resource."),
  MissingContentLength: error(411, "You must provide the Content-Length HTTP header."),
  MissingRequestBodyError: error(400, "Request Body is empty"),
  MissingSecurityHeader: error(400, "Your request is missing a required header."),
  NoSuchBucket: error(404, "The specified bucket does not exist."),
  NoSuchBucketPolicy: notConfigured("bucket policy"),
  NoSuchConfiguration: error(404, "The specified configuration does not exist."),
  NoSuchCORSConfiguration: notConfigured("CORS configuration"),
  NoSuchKey: error(404, "The specified key does not exist."),
  NoSuchLifecycleConfiguration: notConfigured("lifecycle configuration"),
  NoSuchPublicAccessBlockConfiguration: error(404, "The public access block configuration was not found"),
  NoSuchObjectLockConfiguration: error(404, "The specified object does not have a ObjectLock configuration"),
  NoSuchTagSet: notConfigured("TagSet"),
  NoSuchUpload: error(
    404,
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
  ),
  NoSuchVersion: error(404, "The specified version does not exist."),
  NoSuchWebsiteConfiguration: error(404, "The specified bucket does not have a website configuration."),
  NotImplemented: error(501, "A header or query you provided implies functionality that is not implemented."),
  NotModified: error(304, "Not Modified"),
  ObjectLockConfigurationNotFoundError: error(404, "Object Lock configuration does not exist for this bucket."),
  ObjectUnavailable: error(503, "The object cannot be read from the network at the moment. Please try again."),
  OperationAborted: error(
    409,
    "A conflicting conditional operation is currently in progress against this resource. Try again.",
  ),
  OwnershipControlsNotFoundError: error(404, "The bucket ownership controls were not found"),
  PermanentRedirect: error(
    301,
    "The bucket you are attempting to access must be addressed using the specified endpoint.",
  ),
  PreconditionFailed: error(412, "At least one of the pre-conditions you specified did not hold."),
  QuotaExceeded: error(403, "The quota of the bucket or account leaves no room for this."),
  ReplicationConfigurationNotFoundError: error(404, "The replication configuration was not found."),
  RequestTimeTooSkewed: error(403, "The difference between the request time and the current time is too large."),
  RequestTimeout: error(
    400,
    "Your socket connection to the server was not read from or written to within the timeout period.",
  ),
  ServerSideEncryptionConfigurationNotFoundError: error(404, "The server side encryption configuration was not found."),
  ServiceUnavailable: error(503, "Service is unable to handle request."),
  SignatureDoesNotMatch: error(
    403,
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
  ),
  SlowDown: error(503, "Please reduce your request rate."),
  LeaseTooShort: error(403, "The account's territory on CESS is not paid for as long as the object would be kept."),
  TerritoryNotActive: error(
    403,
    "The account's territory on CESS is not active: it expired or is frozen. Renew it and try again.",
  ),
  TerritoryNotFound: error(403, "The account has no such territory on CESS. Buy one and try again."),
  TerritoryTooSmall: error(403, "The account's territory on CESS has too little space left for this object."),
  UnexpectedContent: error(400, "This request does not support content."),
  UnresolvableGrantByEmailAddress: error(400, "The email address you provided does not match any account on record."),
  XAmzContentSHA256Mismatch: error(400, "The provided 'x-amz-content-sha256' header does not match what was computed."),
};

/** What an error answer tells about its request. */
export interface ErrorContext {
  readonly requestId: string;
  readonly hostId: string;
  /** The path as the client sent it. */
  readonly resource: string;
}

export function errorStatus(kind: ErrorKind): number {
  return texts[kind].status;
}

export function errorText(kind: ErrorKind): string {
  return texts[kind].message;
}

/** `<Error>…</Error>` without the XML declaration. A deferred response sends it in the body of a 200. */
export function errorElement(refusal: S3Error, at: ErrorContext): string {
  const { message, resource, fields } = refusal.details;
  const body = {
    Code: refusal.kind,
    Message: message ?? texts[refusal.kind].message,
    ...fields,
    Resource: resource ?? at.resource,
    RequestId: at.requestId,
    HostId: at.hostId,
  };
  const elements = Object.keys(body).map((element) => ({ element, type: "string" }) as const);
  return `<Error>${writeFields(elements, body)}</Error>`;
}

/** The answer to a failed request. As in S3, a 304 has no body; `send` leaves out the body of answers to HEAD. */
export function errorResponse(refusal: S3Error, at: ErrorContext): S3Response {
  const status = errorStatus(refusal.kind);
  const headers = { ...refusal.details.headers };
  if (status === 304) return { status, headers };
  return {
    status,
    headers: { ...(status === 503 ? { "Retry-After": "1" } : {}), ...headers, "Content-Type": "application/xml" },
    body: XML_DECLARATION + errorElement(refusal, at),
  };
}
