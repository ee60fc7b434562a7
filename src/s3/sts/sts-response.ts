import type { S3Error } from "../../gateway/s3-error.js";
import { type ErrorKind } from "../../gateway/s3-error.js";
import { StsError, type StsErrorCode } from "../../sts/sts-error.js";
import { errorText } from "../error-response.js";
import type { S3Response } from "../operation.js";
import { escapeXml, writeFields } from "../wire/xml-writer.js";
import type { StsAction } from "./sts-actions.js";

const NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/";

/** HTTP statuses, as AWS has them. */
const statuses: Readonly<Record<StsErrorCode, number>> = {
  AccessDenied: 403,
  ExpiredToken: 403,
  ExpiredTokenException: 400,
  IDPCommunicationError: 400,
  IDPRejectedClaim: 403,
  IncompleteSignature: 400,
  InternalFailure: 500,
  InvalidAction: 400,
  InvalidClientTokenId: 403,
  InvalidIdentityToken: 400,
  MalformedPolicyDocument: 400,
  MissingAuthenticationToken: 403,
  MissingParameter: 400,
  PackedPolicyTooLarge: 400,
  ServiceUnavailable: 503,
  SignatureDoesNotMatch: 403,
  Throttling: 400,
  ValidationError: 400,
};

function response(status: number, requestId: string, body: string): S3Response {
  return { status, headers: { "Content-Type": "text/xml", "x-amzn-RequestId": requestId }, body };
}

export function stsResponse({ name, result: fields }: StsAction, result: object, requestId: string): S3Response {
  const content = `<${name}Result>${writeFields(fields, result)}</${name}Result>`;
  const metadata = `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`;
  return response(200, requestId, `<${name}Response xmlns="${NAMESPACE}">${content}${metadata}</${name}Response>`);
}

export function stsErrorResponse({ code, message }: StsError, requestId: string): S3Response {
  const status = statuses[code];
  const type = status >= 500 ? "Receiver" : "Sender";
  const error = `<Error><Type>${type}</Type><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error>`;
  const body = `<ErrorResponse xmlns="${NAMESPACE}">${error}<RequestId>${requestId}</RequestId></ErrorResponse>`;
  return response(status, requestId, body);
}

/** The STS API's codes for refusals that signatures, bodies and limits have in common with S3. */
const codes: Partial<Record<ErrorKind, StsErrorCode>> = {
  AccessDenied: "AccessDenied",
  AuthorizationHeaderMalformed: "IncompleteSignature",
  ExpiredToken: "ExpiredToken",
  InternalError: "InternalFailure",
  InvalidAccessKeyId: "InvalidClientTokenId",
  InvalidToken: "InvalidClientTokenId",
  RequestTimeTooSkewed: "SignatureDoesNotMatch",
  ServiceUnavailable: "ServiceUnavailable",
  SignatureDoesNotMatch: "SignatureDoesNotMatch",
  SlowDown: "Throttling",
};

/** Texts that AWS's STS has, where S3's would mislead. */
const texts: Partial<Record<ErrorKind, string>> = {
  InvalidAccessKeyId: "The security token included in the request is invalid.",
  InvalidToken: "The security token included in the request is invalid.",
  ExpiredToken: "The security token included in the request is expired",
};

export function stsErrorOf(refused: S3Error): StsError {
  const { kind, details } = refused;
  const message = texts[kind] ?? details.message ?? errorText(kind);
  return new StsError(codes[kind] ?? "ValidationError", message, { cause: refused });
}
