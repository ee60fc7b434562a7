import type { IncomingMessage, ServerResponse } from "node:http";
import { type ErrorKind, toS3Error } from "../gateway/s3-error.js";
import type { Handler } from "../peers/http-listener.js";
import { BUSY, Refusal, type RefusalCode, toRefusal } from "../peers/refusal.js";

/** CD2N's codes of uploads, in the envelope. */
export const UPLOADED = 10100;
const UPLOAD_FAILED = 10110;
const NOT_AUTHORIZED = 10111;
const INVALID_NAME = 10112;
const NO_SPACE = 10113;

/** By the code that an S3 client would get: the HTTP status, and the code of the envelope. */
const REFUSALS: { readonly [Kind in ErrorKind]?: readonly [RefusalCode, number] } = {
  GatewayNotAuthorized: [400, NOT_AUTHORIZED],
  TerritoryTooSmall: [400, NO_SPACE],
  TerritoryNotFound: [400, NO_SPACE],
  TerritoryNotActive: [400, NO_SPACE],
  QuotaExceeded: [400, NO_SPACE],
  InsufficientStorage: [503, NO_SPACE],
  InvalidArgument: [400, INVALID_NAME],
  KeyTooLongError: [400, INVALID_NAME],
  EntityTooLarge: [413, UPLOAD_FAILED],
  IncompleteBody: [400, UPLOAD_FAILED],
  InvalidPart: [409, UPLOAD_FAILED],
  PreconditionFailed: [409, UPLOAD_FAILED],
  BucketAlreadyExists: [409, UPLOAD_FAILED],
  AccessDenied: [403, 403],
  NoSuchUpload: [404, UPLOAD_FAILED],
  NoSuchBucket: [404, 404],
  NoSuchKey: [404, 404],
  InvalidObjectState: [409, UPLOAD_FAILED],
  OperationAborted: [409, UPLOAD_FAILED],
  InvalidRequest: [400, UPLOAD_FAILED],
  NoSuchVersion: [404, 404],
  InvalidRange: [416, 416],
};

/** What a client of the SDKs is told of a failure. */
export function sdkRefusal(error: unknown): Refusal {
  const refused = toS3Error(error);
  if (error instanceof Refusal || !refused) return toRefusal(error);
  if (refused.kind === "SlowDown" || refused.kind === "ServiceUnavailable") return BUSY;
  if (refused.kind === "ObjectUnavailable") return new Refusal(504, refused.message, { cause: error });
  const [status, envelopeCode] = REFUSALS[refused.kind] ?? [500, UPLOAD_FAILED];
  // What is no fault of the request is logged, and not told.
  if (status === 500) return new Refusal(500, "system error", { cause: error, envelopeCode });
  return new Refusal(status, refused.message, { cause: error, envelopeCode });
}

/** Failures of the gateway become the SDKs' refusals. */
export function refusing(handle: Handler): Handler {
  return async (request: IncomingMessage, response: ServerResponse, signal: AbortSignal) => {
    try {
      await handle(request, response, signal);
    } catch (error) {
      throw sdkRefusal(error);
    }
  };
}
