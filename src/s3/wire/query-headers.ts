import { S3Error } from "../../gateway/s3-error.js";
import type { RequestHead } from "../request.js";
import type { Query } from "./query.js";

/** The version of the signature that a URL was presigned with. */
export type SignatureVersion = 2 | 4;

/** Parameters that belong to a signature of Version 4 itself and stand for no header. */
const signatureParameters =
  /^x-amz-(algorithm|credential|date|expires|signedheaders|signature|security-token|content-sha256)$/i;

/**
 * Whether a parameter of a presigned URL stands for a header. In Version 2 these include `Content-MD5` and
 * `Content-Type`, which boto3 moves from the headers into the URL.
 */
function standsForHeader(name: string, version: SignatureVersion): boolean {
  if (version === 2) return /^(x-amz-.*|content-md5|content-type)$/is.test(name);
  return /^x-amz-/i.test(name) && !signatureParameters.test(name);
}

/**
 * The JavaScript SDK signs the CRC-32 of an empty body into its upload URLs, and the algorithm that it would use itself.
 * Neither says anything about the body that will be sent with the URL.
 */
const isPlaceholder = ([name, value]: readonly [string, string]) =>
  /^x-amz-sdk-checksum-algorithm$/i.test(name) || (/^x-amz-checksum-crc32$/i.test(name) && value === "AAAAAA==");

function refuseRepeated(query: Query, version: SignatureVersion): void {
  const name = query.repeated((each) => standsForHeader(each, version));
  if (name === undefined) return;
  throw new S3Error("InvalidArgument", {
    message: "A query parameter that stands for a header is given more than once.",
    fields: { ArgumentName: name.slice(0, 100) },
  });
}

/**
 * Name and value of each parameter that stands for a header, unless the request has that header itself. Version 2 signs
 * them all. InvalidArgument for a header given by two parameters.
 */
export function queryHeaders({ query, headers }: RequestHead, version: SignatureVersion): [string, string][] {
  refuseRepeated(query, version);
  const found: [string, string][] = [];
  for (const [name, [value = ""]] of query.entries())
    if (standsForHeader(name, version) && headers.get(name.toLowerCase()) === undefined) found.push([name, value]);
  return found;
}

/** A presigned request as its operation sees it. InvalidArgument as `queryHeaders`, and for what cannot be a header. */
export function withQueryHeaders(head: RequestHead, version: SignatureVersion): RequestHead {
  const added = queryHeaders(head, version).filter((header) => !isPlaceholder(header));
  return added.length === 0 ? head : { ...head, headers: head.headers.with(added) };
}
