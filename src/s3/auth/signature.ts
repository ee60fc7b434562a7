import { createHmac, hash, timingSafeEqual } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { RequestHead } from "../request.js";
import { canonicalRequest } from "./canonical-request.js";
import { ALGORITHM, type SignatureClaims } from "./signature-claims.js";

export interface Computed {
  readonly signature: string;
  /** What should have been signed, for the answer to a client that signed something else. */
  readonly stringToSign: string;
  readonly canonicalRequest: string;
}

/** The signature that the request should have. InvalidArgument, as `canonicalRequest`. */
export function computeSignature(
  head: RequestHead,
  claims: SignatureClaims,
  secretAccessKey: string,
  payload: string,
): Computed {
  const canonical = canonicalRequest(head, claims, payload);
  const stringToSign = `${ALGORITHM}\n${claims.timestamp}\n${claims.scope}\n${sha256(canonical)}`;
  return {
    signature: signText(stringToSign, claims.scope, secretAccessKey),
    stringToSign,
    canonicalRequest: canonical,
  };
}

/** Compares signatures in constant time: how long it takes does not tell where they differ. */
export function sameSignature(computed: string, provided: string | undefined): boolean {
  const [left, right] = [Buffer.from(computed), Buffer.from(provided ?? "")];
  return left.length === right.length && timingSafeEqual(left, right);
}

const sha256 = (text: string) => hash("sha256", text);
const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
const EMPTY_SHA256 = sha256("");

/** By scope and secret. A key signs for a day, so these are the keys in use. */
const signingKeys = new LRUCache<string, Buffer>({ max: 1000 });

/** The key that signs within a scope such as `20130524/us-east-1/s3/aws4_request`. */
function signingKey(scope: string, secretAccessKey: string): Buffer {
  // A scope has no line break, so no two pairs have the same name.
  const name = `${scope}\n${secretAccessKey}`;
  let key = signingKeys.get(name);
  if (!key) {
    key = scope.split("/").reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`) as Buffer;
    signingKeys.set(name, key);
  }
  return key;
}

/** Signature V4 of a string to sign, or of a form's policy, in hex. */
export function signText(text: string, scope: string, secretAccessKey: string): string {
  return createHmac("sha256", signingKey(scope, secretAccessKey)).update(text).digest("hex");
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

  /** `digest` is the SHA-256 of the chunk's data in hex. */
  chunk(digest: string): string {
    return this.sign(["AWS4-HMAC-SHA256-PAYLOAD", this.timestamp, this.scope, this.previous, EMPTY_SHA256, digest]);
  }

  /** `lines` are the trailing headers as `name:value\n`, in the order sent. */
  trailer(lines: string): string {
    return this.sign(["AWS4-HMAC-SHA256-TRAILER", this.timestamp, this.scope, this.previous, sha256(lines)]);
  }

  private sign(lines: readonly string[]): string {
    this.previous = hmac(this.key, lines.join("\n")).toString("hex");
    return this.previous;
  }
}
