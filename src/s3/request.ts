import type { Body } from "../gateway/gateway.js";
import type { Account } from "../model/account.js";
import type { Headers } from "./wire/headers.js";
import type { Query } from "./wire/query.js";

/** A request line and headers, before anything in them is believed. */
export interface RequestHead {
  readonly method: string;
  /** As sent, percent-encoded, without the query. */
  readonly path: string;
  readonly query: Query;
  /** As sent; of a presigned request also the `x-amz-*` parameters its query holds in their place. */
  readonly headers: Headers;
}

/** What an operation parses: authenticated and addressed. */
export interface S3Request extends RequestHead {
  /** "" where the scope is the service. */
  readonly bucket: string;
  /** "" where the scope is the bucket. */
  readonly key: string;
  /** The host names the bucket, not the path. */
  readonly virtual?: true;
  readonly account: Account;
  readonly region: string;
  /** The body, for operations that stream it. Reading the property checks its headers; S3Errors as `requestBody`. */
  readonly body: Body;
  /** The whole body of operations that declare a `document`; "" for the others. */
  readonly document: string;
  /** The fields of operations that take a form, names in lower case. */
  readonly form?: ReadonlyMap<string, string>;
}
