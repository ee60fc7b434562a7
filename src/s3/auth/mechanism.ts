import { S3Error } from "../../gateway/s3-error.js";
import type { RequestHead } from "../request.js";

/** Where a request has its signature, and of which version it is. */
export interface Mechanism {
  readonly place: "header" | "query";
  readonly version: 2 | 4;
}

/** Parameters of a presigned URL that belong to its signature. Each may be given once. */
const parameters = {
  2: /^(AWSAccessKeyId|Expires|Signature|x-amz-security-token)$/i,
  4: /^x-amz-(algorithm|credential|date|expires|signedheaders|signature|content-sha256|security-token)$/i,
} as const;

const OF_V4 = ["X-Amz-Algorithm", "X-Amz-Signature", "X-Amz-Credential"];

/**
 * How a request is signed; undefined if it is not. InvalidArgument for a request that is signed in more than one way, or
 * gives an Authorization header or a parameter of the signature twice: two readers could take it for different requests.
 */
export function signatureMechanism({ headers, query }: RequestHead): Mechanism | undefined {
  const found: Mechanism[] = [];
  const authorization = headers.get("authorization");
  if (authorization !== undefined) found.push({ place: "header", version: /^AWS\s/.test(authorization) ? 2 : 4 });
  if (OF_V4.some((name) => query.has(name))) found.push({ place: "query", version: 4 });
  if (query.has("AWSAccessKeyId") || (query.has("Signature") && query.has("Expires")))
    found.push({ place: "query", version: 2 });
  if (found.length > 1 || headers.isRepeated("authorization")) throw severalMechanisms();
  const [mechanism] = found;
  const repeated =
    mechanism?.place === "query" ? query.repeated((name) => parameters[mechanism.version].test(name)) : undefined;
  if (repeated !== undefined) {
    throw new S3Error("InvalidArgument", {
      message: "A query parameter of the signature is given more than once.",
      fields: { ArgumentName: repeated.slice(0, 100) },
    });
  }
  return mechanism;
}

/** InvalidArgument, in AWS's words. */
export function severalMechanisms(): S3Error {
  return new S3Error("InvalidArgument", {
    message:
      "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified",
    fields: { ArgumentName: "Authorization" },
  });
}
