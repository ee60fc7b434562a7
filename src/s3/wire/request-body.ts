import type { Body, Expected } from "../../gateway/gateway.js";
import { S3Error } from "../../model/errors.js";
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

export interface BodySettings {
  /** Largest decoded body, in bytes. */
  readonly maxBytes: number;
  /** The checksum in the headers is not the body's. */
  readonly foreignChecksum?: boolean | undefined;
}

export interface RawBody {
  readonly headers: Headers;
  /** The bytes as they come over HTTP; fails with S3Error when the client goes away or stalls. */
  readonly source: AsyncIterable<Uint8Array>;
  readonly payload: Payload;
  readonly signatures?: ChunkSignatures;
}

/** Undefined where the header is missing or unreadable: AWS says the same of both. */
function byteCount(headers: Headers, name: string): number | undefined {
  const text = headers.get(name);
  return text !== undefined && /^\d{1,20}$/.test(text) ? Number(text) : undefined;
}

/**
 * By the signature's word or by Content-Encoding: clients send the framing with either. Content-Encoding alone is no
 * sign of it where nothing says how long the body is without: there are those who set it by hand.
 */
function isAwsChunked(headers: Headers, payload: Payload): boolean {
  const coded = /(^|,)\s*aws-chunked\s*(,|$)/i.test(headers.get("content-encoding") ?? "");
  return payload.kind === "chunked" || (coded && headers.get("x-amz-decoded-content-length") !== undefined);
}

/** Bytes of the decoded body, where the headers tell. MissingContentLength, EntityTooLarge. */
export function announcedSize(headers: Headers, payload: Payload, settings: BodySettings): number {
  const framed = isAwsChunked(headers, payload);
  const size = byteCount(headers, framed ? "x-amz-decoded-content-length" : "content-length");
  // HTTP's own chunking says nothing of the size; S3 asks for one all the same, so that space is known before the body.
  if (size === undefined) throw new S3Error("MissingContentLength");
  if (size > settings.maxBytes) throw tooLarge(size, settings);
  return size;
}

const tooLarge = (size: number, { maxBytes }: BodySettings) =>
  new S3Error("EntityTooLarge", { fields: { ProposedSize: String(size), MaxSizeAllowed: String(maxBytes) } });

function contentMd5(headers: Headers): string | undefined {
  const md5 = headers.get("content-md5");
  if (md5 !== undefined && !isBase64(md5, 16)) throw new S3Error("InvalidDigest");
  return md5;
}

/** Content-MD5, payload digest and checksum that stand in the headers. */
function announcedDigests(headers: Headers, payload: Payload, foreignChecksum = false): Body["announced"] {
  const md5 = contentMd5(headers);
  const checksum = foreignChecksum ? undefined : announcedChecksum(headers);
  const trailing = trailerAlgorithm(headers);
  if (checksum && trailing)
    throw new S3Error("InvalidRequest", { message: "Expecting a single x-amz-checksum- header" });
  const algorithm = checksum?.algorithm ?? trailing;
  if (!foreignChecksum) requirePromised(headers, algorithm);
  return {
    ...(md5 === undefined ? {} : { md5 }),
    ...(payload.kind === "digest" ? { sha256: payload.sha256 } : {}),
    ...(payload.kind === "chunked" && payload.signed ? { signedChunks: true } : {}),
    ...(checksum ? { checksum } : {}),
    ...(algorithm ? { algorithm } : {}),
  };
}

/** Counts what passes: neither more nor less than announced, and never more than the limit. */
async function* counted(
  source: AsyncIterable<Uint8Array>,
  size: number,
  settings: BodySettings,
): AsyncGenerator<Uint8Array> {
  let seen = 0;
  for await (const bytes of source) {
    seen += bytes.length;
    if (seen > settings.maxBytes) throw tooLarge(seen, settings);
    if (seen > size)
      throw new S3Error("IncompleteBody", { message: "The body is longer than x-amz-decoded-content-length says." });
    yield bytes;
  }
  if (seen < size) throw new S3Error("IncompleteBody");
}

/** InvalidRequest for a document without Content-MD5 or a checksum. An empty one needs none: the operation says what it lacks. */
export function requireDigest({ size, announced: { md5, algorithm } }: Body): void {
  if (size === 0 || md5 !== undefined || algorithm !== undefined) return;
  throw new S3Error("InvalidRequest", {
    message: "Missing required header for this request: Content-MD5 or x-amz-checksum-*",
  });
}

/** A form's file as a body: its size is known when it has come. */
export function formBody(headers: Headers, stream: AsyncIterable<Uint8Array>): Body {
  return { stream, announced: announcedDigests(headers, { kind: "unsigned" }), trailer: () => ({}) };
}

/** The request's body with every announcement checked for its form; nothing is read yet. */
export function requestBody(raw: RawBody, settings: BodySettings): Body {
  const { headers, payload } = raw;
  const size = announcedSize(headers, payload, settings);
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

  async function* stream(): AsyncGenerator<Uint8Array> {
    yield* counted(chunked ?? raw.source, size, settings);
    // A trailer that was announced and did not come fails the body itself.
    trailer();
  }
  return { stream: stream(), size, announced, trailer };
}
