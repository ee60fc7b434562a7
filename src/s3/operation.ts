import type { AccessRule, BucketCall, Call, Gateway } from "../gateway/gateway.js";
import type { ByteStream } from "../streams/byte-stream.js";
import type { S3Request } from "./request.js";

/** The SDK's type of an input or output, with required bucket and key, and without the body. */
export type Served<T> = Omit<T, "Bucket" | "Key" | "Body"> & { readonly Bucket: string; readonly Key: string };
/** The same for an operation about a bucket. */
export type OfBucket<T> = Omit<T, "Bucket"> & { readonly Bucket: string };

export interface RequestPattern {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  readonly scope: "service" | "bucket" | "object";
  /** Required query parameters: `uploads`, or with a value `list-type=2`. */
  readonly query?: readonly string[];
  /** A required header, or `name=prefix of its value`. */
  readonly header?: string;
}

export interface S3Response {
  readonly status: number;
  /** Headers that are undefined are left out. Values may be any Unicode text. */
  readonly headers: Readonly<Record<string, string | number | undefined>>;
  readonly body?: string | ByteStream;
}

/** A result that may take long. The connection is kept alive until it is there, as in S3. */
export class DeferredResponse<T> {
  constructor(readonly result: Promise<T>) {}
}

/** One operation: how to recognise it, what permission it needs, and its three steps. */
export interface Operation<Input, Output, Permitted extends Call = BucketCall> {
  readonly name: string;
  readonly match: RequestPattern;
  /** The permission that the requester needs. Decided before the document is read, unless `conditions` is there. */
  readonly access: AccessRule;
  /** AccessDenied also tells the bucket's region, because SDKs ask for it this way. */
  readonly refusalTellsRegion?: true;
  /** The operation takes a document of at most this many bytes. It is read and verified before `parse`. */
  readonly document?: number;
  /** The checksum in the headers is that of the object, not of the document. */
  readonly objectChecksum?: true;
  /**
   * The document must have Content-MD5 or a checksum, as on AWS, so that a damaged document changes nothing.
   */
  readonly digested?: true;
  /** The operation takes a form, whose fields have the key, the headers and the signature. */
  readonly form?: true;
  /** Values of the document for policy conditions, by condition keys in lower case. May throw if it is malformed. */
  conditions?(document: string): Readonly<Record<string, readonly string[]>>;
  /** Pure: turns the request into the input. Throws only S3Errors and DomainErrors. */
  parse(request: S3Request): Input;
  run(gateway: Gateway, input: Input, call: Permitted): Promise<Output | DeferredResponse<Output>>;
  /** Pure: turns the output into status, headers and body. */
  render(output: Output): S3Response;
}

/** Any operation. `run` takes what `parse` returns, and `render` takes what `run` returns. */
export type AnyOperation = Operation<unknown, unknown, Call>;
