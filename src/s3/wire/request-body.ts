import type { Body, Expected } from "../../gateway/gateway.js";
import { LIMITS, tooLarge } from "../../gateway/limits.js";
import { S3Error } from "../../gateway/s3-error.js";
import type { Payload } from "../auth/payload.js";
import { AwsChunked, type ChunkSignatures } from "./aws-chunked.js";
import {
  announcedChecksum,
  checkValue,
  checksumHeader,
  isBase64,
  requirePromised,
  trailerAlgorithm,
} from "./checksum-headers.js";
import type { Headers } from "./headers.js";
import { defined } from "../../model/defined.js";

export interface BodySettings {
  /** The checksum in the headers is that of the object, not of this body. */
  readonly foreignChecksum?: boolean | undefined;
}

export interface RawBody {
  readonly headers: Headers;
  /** The bytes as they arrive over HTTP; fails with an S3Error when the client hangs up or stalls. */
  readonly source: AsyncIterable<Uint8Array>;
  readonly payload: Payload;
  readonly signatures?: ChunkSignatures;
}

/** Undefined where the header is missing or unreadable: AWS answers both alike. */
function byteCount(headers: Headers, name: string): number | undefined {
  const text = headers.get(name);
  return text !== undefined && /^\d{1,20}$/.test(text) ? Number(text) : undefined;
}

/**
 * Clients announce the framing by x-amz-content-sha256 or by Content-Encoding. The latter counts only beside
 * x-amz-decoded-content-length: some clients set it on bodies without framing.
 */
function isAwsChunked(headers: Headers, payload: Payload): boolean {
  const coded = /(^|,)\s*aws-chunked\s*(,|$)/i.test(headers.get("content-encoding") ?? "");
  return payload.kind === "chunked" || (coded && headers.get("x-amz-decoded-content-length") !== undefined);
}

/**
 * The size of the decoded body in bytes, as the headers announce it. MissingContentLength; EntityTooLarge above
 * `limit` bytes.
 */
export function announcedSize(headers: Headers, payload: Payload, limit: number = LIMITS.putBytes): number {
  const framed = isAwsChunked(headers, payload);
  const size = byteCount(headers, framed ? "x-amz-decoded-content-length" : "content-length");
  // With HTTP's own chunking the size is unknown. S3 requires one all the same, so that space is checked before the
  // body is read.
  if (size === undefined) throw new S3Error("MissingContentLength");
  if (size > limit) throw tooLarge(size, limit);
  return size;
}

function contentMd5(headers: Headers): string | undefined {
  const md5 = headers.get("content-md5");
  if (md5 !== undefined && !isBase64(md5, 16)) throw new S3Error("InvalidDigest");
  return md5;
}

/** Content-MD5, payload digest and checksum from the headers. InvalidDigest, InvalidRequest. */
function announcedDigests(headers: Headers, payload: Payload, foreignChecksum = false): Body["announced"] {
  const md5 = contentMd5(headers);
  const checksum = foreignChecksum ? undefined : announcedChecksum(headers);
  const trailing = trailerAlgorithm(headers);
  if (checksum && trailing)
    throw new S3Error("InvalidRequest", { message: "Expecting a single x-amz-checksum- header" });
  const algorithm = checksum?.algorithm ?? trailing;
  if (!foreignChecksum) requirePromised(headers, algorithm);
  return defined({
    md5,
    sha256: payload.kind === "digest" ? payload.sha256 : undefined,
    signedChunks: payload.kind === "chunked" && payload.signed ? true : undefined,
    checksum,
    algorithm,
  });
}

/**
 * InvalidRequest for a document without Content-MD5 or a checksum. An empty one needs none: its operation refuses it
 * anyway.
 */
export function requireDigest({ size, announced: { md5, algorithm } }: Body): void {
  if (size === 0 || md5 !== undefined || algorithm !== undefined) return;
  throw new S3Error("InvalidRequest", {
    message: "Missing required header for this request: Content-MD5 or x-amz-checksum-*",
  });
}

/** A form's file as a body. Its size is known only after it was read. */
export function formBody(headers: Headers, stream: AsyncIterable<Uint8Array>): Body {
  return { stream, announced: announcedDigests(headers, { kind: "unsigned" }), trailer: () => ({}) };
}

/**
 * The request's body, with the form of all headers about it checked; nothing is read yet. Whoever reads it compares
 * its bytes with the announced size and digests, and asks for the trailer at the end.
 */
export function requestBody(raw: RawBody, settings: BodySettings): Body {
  const { headers, payload } = raw;
  const size = announcedSize(headers, payload);
  const announced = announcedDigests(headers, payload, settings.foreignChecksum);
  const expectsTrailer = trailerAlgorithm(headers);
  const chunked = isAwsChunked(headers, payload)
    ? new AwsChunked(raw.source, {
        trailer: payload.kind === "chunked" ? payload.trailer : true,
        ...(raw.signatures ? { signatures: raw.signatures } : {}),
      })
    : undefined;

  const trailer = (): Expected => {
    if (!chunked) return {};
    const expected = expectsTrailer && checksumHeader(expectsTrailer);
    const value = expected && chunked.trailers.get(expected);
    const others = [...chunked.trailers.keys()].some((name) => name.startsWith("x-amz-checksum-") && name !== expected);
    if (others || (expected !== undefined && value === undefined)) throw new S3Error("MalformedTrailerError");
    return expectsTrailer && value !== undefined
      ? { checksum: checkValue(expectsTrailer, value, { place: "trailing header" }) }
      : {};
  };

  return { stream: chunked ?? raw.source, size, announced, trailer };
}
