import type { AccessKey } from "../../model/account.js";
import type { Clock } from "../../model/clock.js";
import { S3Error } from "../../model/errors.js";
import type { RequestHead } from "../request.js";
import { parseClaim, type Claim } from "./claim.js";
import type { Credentials } from "./credentials.js";
import { parsePayload, payloadText, type Payload } from "./payload.js";
import { ChunkSigner, computeSignature, sameSignature } from "./signature.js";

/** AWS's limit: 15 minutes, in milliseconds. */
const MAX_SKEW_MS = 15 * 60 * 1000;

/** Who signed the request, and how its body is covered. */
export interface Authentication {
  /** Undefined: anonymous. */
  readonly accessKey?: AccessKey;
  readonly payload: Payload;
  readonly presigned: boolean;
  /** For a body of signed chunks. */
  readonly chunkSigner?: ChunkSigner;
}

export interface AuthenticateComponents {
  readonly credentials: Credentials;
  readonly clock: Clock;
}

/** Everything is checked before one byte of the body is read. */
export async function authenticate(head: RequestHead, components: AuthenticateComponents, region: string): Promise<Authentication> {
  const claim = parseClaim(head);
  if (!claim) return anonymous(head);
  if (head.headers.get("x-amz-security-token") !== undefined || head.query.has("X-Amz-Security-Token")) {
    throw new S3Error("InvalidToken", { message: "Session tokens are not accepted here. Sign with a permanent access key." });
  }
  checkRegion(claim, region);
  const accessKey = await components.credentials.lookup(claim.accessKeyId);
  if (!accessKey) throw new S3Error("InvalidAccessKeyId", { fields: { AWSAccessKeyId: claim.accessKeyId.slice(0, 200) } });
  checkTime(claim, components.clock.now());
  const text = payloadText(head, claim);
  const payload = parsePayload(text);
  checkSignedHeaders(head, claim);
  checkSignature(head, claim, accessKey, text);
  const presigned = claim.place === "query";
  if (payload.kind !== "chunked" || !payload.signed) return { accessKey, payload, presigned };
  return { accessKey, payload, presigned, chunkSigner: new ChunkSigner(claim, accessKey.secretAccessKey) };
}

function anonymous(head: RequestHead): Authentication {
  const text = head.headers.get("x-amz-content-sha256");
  const payload = text === undefined ? ({ kind: "unsigned" } as const) : parsePayload(text);
  if (payload.kind === "chunked" && payload.signed) throw new S3Error("AccessDenied", { message: "Signed chunks need a signed request." });
  return { payload, presigned: false };
}

function checkRegion(claim: Claim, region: string): void {
  if (claim.region === region) return;
  const why = `the region '${claim.region.slice(0, 60)}' is wrong; expecting '${region}'`;
  const details = { fields: { Region: region }, headers: { "x-amz-bucket-region": region } };
  if (claim.place === "header") {
    throw new S3Error("AuthorizationHeaderMalformed", { message: `The authorization header is malformed; ${why}`, ...details });
  }
  throw new S3Error("AuthorizationQueryParametersError", { message: `Error parsing the X-Amz-Credential parameter; ${why}`, ...details });
}

const iso = (ms: number) => new Date(ms).toISOString().replace(/\.\d{3}/, "");

function checkTime(claim: Claim, now: number): void {
  if (claim.expires === undefined) {
    if (Math.abs(now - claim.time) <= MAX_SKEW_MS) return;
    throw new S3Error("RequestTimeTooSkewed", {
      fields: { RequestTime: claim.timestamp, ServerTime: iso(now), MaxAllowedSkewMilliseconds: String(MAX_SKEW_MS) },
    });
  }
  if (claim.time > now + MAX_SKEW_MS) throw new S3Error("AccessDenied", { message: "Request is not valid yet" });
  const end = claim.time + claim.expires * 1000;
  if (now <= end) return;
  throw new S3Error("AccessDenied", {
    message: "Request has expired",
    fields: { "X-Amz-Expires": String(claim.expires), Expires: iso(end), ServerTime: iso(now) },
  });
}

/** Signature V4: every `x-amz-*` header that is sent must be signed, or a man in the middle could add one. */
function checkSignedHeaders(head: RequestHead, claim: Claim): void {
  const signed = new Set(claim.signedHeaders);
  const free = (name: string) => claim.place === "query" && name === "x-amz-content-sha256";
  const missing = [...head.headers.names()].filter((name) => name.startsWith("x-amz-") && !signed.has(name) && !free(name));
  if (missing.length === 0) return;
  throw new S3Error("AccessDenied", {
    message: "There were headers present in the request which were not signed",
    fields: { HeadersNotSigned: missing.join(", ") },
  });
}

function checkSignature(head: RequestHead, claim: Claim, accessKey: AccessKey, payload: string): void {
  const computed = computeSignature(head, claim, accessKey.secretAccessKey, payload);
  if (sameSignature(computed.signature, claim.signature)) return;
  const bytes = (text: string) => Buffer.from(text).toString("hex").replace(/..(?=.)/g, "$& ");
  throw new S3Error("SignatureDoesNotMatch", {
    fields: {
      AWSAccessKeyId: claim.accessKeyId,
      StringToSign: computed.stringToSign,
      SignatureProvided: claim.signature,
      StringToSignBytes: bytes(computed.stringToSign),
      CanonicalRequest: computed.canonicalRequest,
      CanonicalRequestBytes: bytes(computed.canonicalRequest),
    },
  });
}
