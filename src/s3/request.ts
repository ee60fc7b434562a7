import type { Body } from "../gateway/gateway.js";
import type { Account } from "../model/account.js";
import type { Headers } from "./wire/headers.js";
import type { Query } from "./wire/query.js";

/** A request line and headers, not yet authenticated. */
export interface RequestHead {
  readonly method: string;
  /** As sent, percent-encoded, without the query. */
  readonly path: string;
  readonly query: Query;
  /** As sent. A presigned request also has the `x-amz-*` parameters of its query here. */
  readonly headers: Headers;
}

/** An authenticated request with its address, for operations to parse. */
export interface S3Request extends RequestHead {
  /** "" if the scope is the service. */
  readonly bucket: string;
  /** "" unless the scope is the object. */
  readonly key: string;
  /** The host names the bucket, and not the path. */
  readonly virtual?: true | undefined;
  readonly account: Account;
  readonly region: string;
  /** Requests for other regions are served, too. */
  readonly acceptAnyRegion?: boolean;
  /** The body, for operations that stream it. The getter checks the body's headers and throws like `requestBody`. */
  readonly body: Body;
  /** The whole body, if the operation takes a document; else "". */
  readonly document: string;
  /** The form's fields, if the operation takes a form. Names are in lower case. */
  readonly form?: ReadonlyMap<string, string>;
}
