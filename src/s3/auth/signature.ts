import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import aws4, { type Request as SignerRequest } from "aws4";
import { S3Error } from "../../gateway/s3-error.js";
import type { RequestHead } from "../request.js";
import { decodePercent, encodePercent } from "../wire/percent.js";
import type { SignatureClaims } from "./signature-claims.js";

export interface Computed {
  readonly signature: string;
  /** What should have been signed, for the answer to a client that signed something else. Computed when it is read. */
  readonly stringToSign: string;
  readonly canonicalRequest: string;
}

/** Options of `aws4` that its types lack. */
interface Choosing extends SignerRequest {
  extraHeadersToInclude: Record<string, boolean>;
  extraHeadersToIgnore: Record<string, boolean>;
}

/**
 * The signature that the request should have, computed by `aws4` over exactly the headers that the client names. By
 * itself `aws4` would leave some out (Expect, Range, User-Agent), decode `+` in paths and skip `.` segments. So it gets
 * the path parsed and encoded such that every character comes out as the client signed it.
 */
export function computeSignature(
  head: RequestHead,
  claims: SignatureClaims,
  secretAccessKey: string,
  payload: string,
  service: string,
): Computed {
  const headers: Record<string, string> = {};
  const include: Record<string, boolean> = {};
  for (const name of claims.signedHeaders) {
    headers[name] = head.headers.get(name) ?? "";
    include[name] = true;
  }
  // It stands for the body in what is signed, even when it is not a signed header.
  headers["x-amz-content-sha256"] = payload;
  const request: Choosing = {
    method: head.method,
    service,
    region: claims.region,
    headers,
    extraHeadersToInclude: include,
    extraHeadersToIgnore: { "x-amz-content-sha256": true },
  };
  const signer = new aws4.RequestSigner(request, { accessKeyId: claims.accessKeyId, secretAccessKey });
  signer.datetime = claims.timestamp;
  signer.parsedPath = { path: signedPath(head.path), query: signedQuery(head, claims) };
  return {
    signature: signer.signature(),
    get stringToSign() {
      return signer.stringToSign();
    },
    get canonicalRequest() {
      return signer.canonicalString();
    },
  };
}

function signedPath(raw: string): string {
  return raw
    .split("/")
    .map((piece) => encodePercent(decodePercent(piece)).replace(/^\.$/, "%2E"))
    .join("/");
}

/** Parameters that `aws4` leaves out of what is signed: anyone could add them to a request. */
const leftOut: ReadonlySet<string> = new Set(["", "__proto__"]);

function signedQuery(head: RequestHead, claims: SignatureClaims): Record<string, string | string[]> {
  const query: Record<string, unknown> = {};
  for (const [name, values] of head.query.entries()) {
    if (claims.place === "query" && name === "X-Amz-Signature") continue;
    if (leftOut.has(name))
      throw new S3Error("InvalidArgument", {
        message: `A signed request cannot have a query parameter ${name === "" ? "without a name" : `named '${name}'`}.`,
        fields: { ArgumentName: name },
      });
    // For S3 `aws4` signs only the first value of a repeated parameter; with a list as that value it signs all of them.
    query[name] = values.length === 1 ? values[0] : [values];
  }
  return query as Record<string, string | string[]>;
}

/** Compares signatures in constant time: how long it takes does not tell where they differ. */
export function sameSignature(computed: string, provided: string | undefined): boolean {
  const [left, right] = [Buffer.from(computed), Buffer.from(provided ?? "")];
  return left.length === right.length && timingSafeEqual(left, right);
}

const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
const EMPTY_SHA256 = createHash("sha256").digest("hex");

/** The key that signs within a scope such as `20130524/us-east-1/s3/aws4_request`. */
function signingKey(scope: string, secretAccessKey: string): Buffer {
  return scope.split("/").reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`) as Buffer;
}

/** Signature V4 of a form's policy, in hex. */
export function signText(text: string, scope: string, secretAccessKey: string): string {
  return hmac(signingKey(scope, secretAccessKey), text).toString("hex");
}

/** The signature of each chunk of a body covers the one before it; the first covers the request's own. */
export class ChunkSigner {
  private readonly key: Buffer;
  private readonly timestamp: string;
  private readonly scope: string;
  private previous: string;

  constructor(claims: SignatureClaims, secretAccessKey: string) {
    this.key = signingKey(claims.scope, secretAccessKey);
    this.timestamp = claims.timestamp;
    this.scope = claims.scope;
    this.previous = claims.signature;
  }

  /** `sha256` is the hex digest of the chunk's data. */
  chunk(sha256: string): string {
    return this.sign(["AWS4-HMAC-SHA256-PAYLOAD", this.timestamp, this.scope, this.previous, EMPTY_SHA256, sha256]);
  }

  /** `lines` are the trailing headers as `name:value\n`, in the order sent. */
  trailer(lines: string): string {
    const sha256 = createHash("sha256").update(lines).digest("hex");
    return this.sign(["AWS4-HMAC-SHA256-TRAILER", this.timestamp, this.scope, this.previous, sha256]);
  }

  private sign(lines: readonly string[]): string {
    this.previous = hmac(this.key, lines.join("\n")).toString("hex");
    return this.previous;
  }
}
