import type { AccessKey } from "../../model/account.js";
import type { Clock } from "../../model/clock.js";
import { S3Error } from "../../gateway/s3-error.js";
import type { RequestHead } from "../request.js";
import { parseClaim, type SignatureClaims } from "./signature-claims.js";
import type { Credentials } from "./credentials.js";
import { parsePayload, payloadText, type Payload } from "./payload.js";
import { ChunkSigner, computeSignature, sameSignature } from "./signature.js";
import { computeSignatureV2, parseClaimV2, type ClaimV2 } from "./signature-v2.js";

/** AWS's limit: 15 minutes, in milliseconds. */
const MAX_SKEW_MS = 15 * 60 * 1000;

/** Who signed the request, and how its body is covered. */
export interface Authentication {
  /** Undefined: anonymous. */
  readonly accessKey?: AccessKey;
  readonly payload: Payload;
  readonly presigned: boolean;
  /** The signature is that of a form's policy. */
  readonly form?: true;
  /** Of the signature; undefined for an anonymous request. */
  readonly version?: 2 | 4;
  /** Milliseconds since 1970; unknown of a URL that Version 2 presigned. */
  readonly signedAt?: number;
  /** For a body of signed chunks. */
  readonly chunkSigner?: ChunkSigner;
}

export interface AuthenticateComponents {
  readonly credentials: Credentials;
  readonly clock: Clock;
}

export interface AuthenticateSettings {
  readonly region: string;
  /** The bucket that the host names, in virtual-host style: Signature V2 covers it. */
  readonly hostBucket?: string | undefined;
}

/** Everything is checked before one byte of the body is read. */
export async function authenticate(
  head: RequestHead,
  components: AuthenticateComponents,
  settings: AuthenticateSettings,
): Promise<Authentication> {
  const older = parseClaimV2(head);
  if (older) return authenticateV2(head, older, components, settings.hostBucket);
  const claim = parseClaim(head);
  if (!claim) return anonymous(head);
  refuseSessionToken(head);
  checkRegion(claim, settings.region);
  const accessKey = await knownKey(components, claim.accessKeyId);
  checkTime(claim, components.clock.now());
  const text = payloadText(head, claim);
  const payload = parsePayload(text);
  checkSignedHeaders(head, claim);
  checkSignature(head, claim, accessKey, text);
  const presigned = claim.place === "query";
  const found = { accessKey, payload, presigned, version: 4, signedAt: claim.time } as const;
  return payload.kind !== "chunked" || !payload.signed
    ? found
    : { ...found, chunkSigner: new ChunkSigner(claim, accessKey.secretAccessKey) };
}

/** Signature V2: what aws-cli v1 and boto3 presign with by default, and older tools sign headers with. */
async function authenticateV2(
  head: RequestHead,
  claim: ClaimV2,
  components: AuthenticateComponents,
  hostBucket: string | undefined,
): Promise<Authentication> {
  refuseSessionToken(head);
  const accessKey = await knownKey(components, claim.accessKeyId);
  checkTimeV2(claim, components.clock.now());
  const { signature, stringToSign } = computeSignatureV2(head, claim, hostBucket, accessKey.secretAccessKey);
  if (!sameSignature(signature, claim.signature)) {
    throw new S3Error("SignatureDoesNotMatch", {
      fields: {
        AWSAccessKeyId: claim.accessKeyId,
        StringToSign: stringToSign,
        SignatureProvided: claim.signature.slice(0, 200),
        StringToSignBytes: bytesOf(stringToSign),
      },
    });
  }
  const presigned = claim.place === "query";
  return {
    accessKey,
    payload: unsignedPayload(head),
    presigned,
    version: 2,
    ...(presigned ? {} : { signedAt: claim.time }),
  };
}

function anonymous(head: RequestHead): Authentication {
  return { payload: unsignedPayload(head), presigned: false };
}

/** A body no Signature V4 covers may still come in chunks with a trailer, or with its digest. */
function unsignedPayload(head: RequestHead): Payload {
  const text = head.headers.get("x-amz-content-sha256");
  const payload = text === undefined ? ({ kind: "unsigned" } as const) : parsePayload(text);
  if (payload.kind === "chunked" && payload.signed)
    throw new S3Error("AccessDenied", { message: "Signed chunks need a request signed by Signature Version 4." });
  return payload;
}

export function refuseSessionToken(head: RequestHead): void {
  const inQuery = [...head.query.entries()].some(([name]) => name.toLowerCase() === "x-amz-security-token");
  if (!inQuery && head.headers.get("x-amz-security-token") === undefined) return;
  throw new S3Error("InvalidToken", {
    message: "Session tokens are not accepted here. Sign with a permanent access key.",
  });
}

/** InvalidAccessKeyId for a key that nobody has, or that has ended. */
export async function knownKey(
  { credentials, clock }: AuthenticateComponents,
  accessKeyId: string,
): Promise<AccessKey> {
  const accessKey = await credentials.lookup(accessKeyId);
  if (accessKey && clock.now() < (accessKey.limits?.expiresAt ?? Infinity)) return accessKey;
  throw new S3Error("InvalidAccessKeyId", { fields: { AWSAccessKeyId: accessKeyId.slice(0, 200) } });
}

function checkRegion(claim: SignatureClaims, region: string): void {
  if (claim.region === region) return;
  const why = `the region '${claim.region.slice(0, 60)}' is wrong; expecting '${region}'`;
  const details = { fields: { Region: region }, headers: { "x-amz-bucket-region": region } };
  if (claim.place === "header") {
    throw new S3Error("AuthorizationHeaderMalformed", {
      message: `The authorization header is malformed; ${why}`,
      ...details,
    });
  }
  throw new S3Error("AuthorizationQueryParametersError", {
    message: `Error parsing the X-Amz-Credential parameter; ${why}`,
    ...details,
  });
}

const iso = (ms: number) => new Date(ms).toISOString().replace(/\.\d{3}/, "");

function checkTime(claim: SignatureClaims, now: number): void {
  if (claim.expires === undefined) {
    checkSkew(claim.time, claim.timestamp, now);
    return;
  }
  if (claim.time > now + MAX_SKEW_MS) throw new S3Error("AccessDenied", { message: "Request is not valid yet" });
  const end = claim.time + claim.expires * 1000;
  if (now <= end) return;
  throw new S3Error("AccessDenied", {
    message: "Request has expired",
    fields: { "X-Amz-Expires": String(claim.expires), Expires: iso(end), ServerTime: iso(now) },
  });
}

function checkSkew(time: number, sent: string, now: number): void {
  if (Math.abs(now - time) <= MAX_SKEW_MS) return;
  throw new S3Error("RequestTimeTooSkewed", {
    fields: { RequestTime: sent, ServerTime: iso(now), MaxAllowedSkewMilliseconds: String(MAX_SKEW_MS) },
  });
}

function checkTimeV2({ place, time }: ClaimV2, now: number): void {
  if (place === "header") checkSkew(time, iso(time), now);
  else if (now > time)
    throw new S3Error("AccessDenied", {
      message: "Request has expired",
      fields: { Expires: iso(time), ServerTime: iso(now) },
    });
}

/** Signature V4: every `x-amz-*` header that is sent must be signed, or a man in the middle could add one. */
function checkSignedHeaders(head: RequestHead, claim: SignatureClaims): void {
  const signed = new Set(claim.signedHeaders);
  const free = (name: string) => claim.place === "query" && name === "x-amz-content-sha256";
  const missing = [...head.headers.names()].filter(
    (name) => name.startsWith("x-amz-") && !signed.has(name) && !free(name),
  );
  if (missing.length === 0) return;
  throw new S3Error("AccessDenied", {
    message: "There were headers present in the request which were not signed",
    fields: { HeadersNotSigned: missing.join(", ") },
  });
}

/** The bytes of a text in hex, as S3 shows them to who signed another text. */
const bytesOf = (text: string) =>
  Buffer.from(text)
    .toString("hex")
    .replace(/..(?=.)/g, "$& ");

function checkSignature(head: RequestHead, claim: SignatureClaims, accessKey: AccessKey, payload: string): void {
  const computed = computeSignature(head, claim, accessKey.secretAccessKey, payload);
  if (sameSignature(computed.signature, claim.signature)) return;
  throw new S3Error("SignatureDoesNotMatch", {
    fields: {
      AWSAccessKeyId: claim.accessKeyId,
      StringToSign: computed.stringToSign,
      SignatureProvided: claim.signature,
      StringToSignBytes: bytesOf(computed.stringToSign),
      CanonicalRequest: computed.canonicalRequest,
      CanonicalRequestBytes: bytesOf(computed.canonicalRequest),
    },
  });
}
