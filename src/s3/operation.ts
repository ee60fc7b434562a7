import type { AccessRule, BucketCall, Call, Gateway } from "../gateway/gateway.js";
import type { ByteStream } from "../streams/byte-stream.js";
import type { S3Request } from "./request.js";

/** S3's own shape of an input or output, with the addressed object certain and the body left to us. */
export type Served<T> = Omit<T, "Bucket" | "Key" | "Body"> & { readonly Bucket: string; readonly Key: string };
export type OfBucket<T> = Omit<T, "Bucket"> & { readonly Bucket: string };

export interface RequestPattern {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  readonly scope: "service" | "bucket" | "object";
  /** Parameters that must be there: `uploads`, or with their value `list-type=2`. */
  readonly query?: readonly string[];
  /** A header that must be there, or `name=beginning of its value`. */
  readonly header?: string;
}

export interface S3Response {
  readonly status: number;
  /** Undefined ones are left out. Text may be any Unicode. */
  readonly headers: Readonly<Record<string, string | number | undefined>>;
  readonly body?: string | ByteStream;
}

/** A result that may be slow: the connection is kept alive until it is there, as S3 does. */
export class DeferredResponse<T> {
  constructor(readonly result: Promise<T>) {}
}

/** How to recognise one operation, what it may touch, and three steps with one duty each. */
export interface Operation<Input, Output, Permitted extends Call = BucketCall> {
  readonly name: string;
  readonly match: RequestPattern;
  /** What the requester must be allowed: decided before the document is read. */
  readonly access: AccessRule;
  /** A refusal tells the bucket's region: SDKs follow a bucket there. */
  readonly refusalTellsRegion?: true;
  /** The operation takes an XML document of at most this many bytes, which is read and verified before `parse`. */
  readonly document?: number;
  /** The checksum in its headers is the object's, not the document's. */
  readonly objectChecksum?: true;
  /**
   * Its document must come with Content-MD5 or a checksum, as on AWS: what it changes is not to be changed by chance.
   */
  readonly digested?: true;
  /** The operation takes a form: what is addressed, asked and signed stands in its fields. */
  readonly form?: true;
  /** What policies may ask of its document: condition keys in lower case. May throw where the document is malformed. */
  conditions?(document: string): Readonly<Record<string, readonly string[]>>;
  /** Pure: wire to S3 input; throws S3Errors only. */
  parse(request: S3Request): Input;
  run(gateway: Gateway, input: Input, call: Permitted): Promise<Output | DeferredResponse<Output>>;
  /** Pure: S3 output to status, headers, body. */
  render(output: Output): S3Response;
}

/** Any operation: what `parse` gives is what `run` takes, and what `run` gives is what `render` takes. */
export type AnyOperation = Operation<unknown, unknown, Call>;
