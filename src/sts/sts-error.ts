/** The codes of the STS API's errors, as AWS has them. */
export type StsErrorCode =
  | "AccessDenied"
  | "ExpiredToken"
  | "ExpiredTokenException"
  | "IDPCommunicationError"
  | "IDPRejectedClaim"
  | "IncompleteSignature"
  | "InternalFailure"
  | "InvalidAction"
  | "InvalidClientTokenId"
  | "InvalidIdentityToken"
  | "MalformedPolicyDocument"
  | "MissingAuthenticationToken"
  | "MissingParameter"
  | "PackedPolicyTooLarge"
  | "ServiceUnavailable"
  | "SignatureDoesNotMatch"
  | "Throttling"
  | "ValidationError";

/** A refusal of the STS API, for the client. */
export class StsError extends Error {
  constructor(
    readonly code: StsErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "StsError";
  }
}
