import type { AccessKey } from "../../model/account.js";
import type { Clock } from "../../model/clock.js";
import { S3Error } from "../../gateway/s3-error.js";
import type { RequestHead } from "../request.js";
import { withQueryHeaders, type SignatureVersion } from "../wire/query-headers.js";
import type { Credentials } from "./credentials.js";
import { signatureMechanism, type Mechanism } from "./mechanism.js";
import { parsePayload, payloadText, type Payload } from "./payload.js";
import { ChunkSigner, computeSignature, sameSignature } from "./signature.js";
import { parseClaims, type SignatureClaims } from "./signature-claims.js";
import { parseClaimsV2, signV2, stringsToSign, type SignatureClaimsV2 } from "./signature-v2.js";

/** AWS's limit: 15 minutes, in milliseconds. */
const MAX_SKEW_MS = 15 * 60 * 1000;

/** Who signed the request, and how its body is covered. */
export interface Authentication {
  /** Undefined for an anonymous request. */
  readonly accessKey?: AccessKey;
  readonly payload: Payload;
  readonly presigned: boolean;
  /** The signature is over a form's policy. */
  readonly form?: true;
  /** Version of the signature; undefined for an anonymous request. */
  readonly version?: SignatureVersion;
  /** Milliseconds since 1970. Undefined for a URL presigned by Version 2, which has only its end. */
  readonly signedAt?: number;
  /** Present for a body of signed chunks. */
  readonly chunkSigner?: ChunkSigner;
}

export interface AuthenticateComponents {
  readonly credentials: Credentials;
  readonly clock: Clock;
}

export interface AuthenticateSettings {
  /** The region that Signature V4 must be for; undefined: any, which the signature covers then, too. */
  readonly region: string | undefined;
  /** The bucket that the host names, in virtual-host style: Signature V2 covers it. */
  readonly hostBucket?: string | undefined;
}

/**
 * Finds out who sent a request, before any of its body is read. Without a signature it is anonymous. AccessDenied,
 * InvalidAccessKeyId, InvalidToken, ExpiredToken, RequestTimeTooSkewed, SignatureDoesNotMatch; what is malformed as `parseClaims` and
 * `parseClaimsV2`.
 */
export async function authenticate(
  head: RequestHead,
  components: AuthenticateComponents,
  settings: AuthenticateSettings,
): Promise<Authentication> {
  const mechanism = signatureMechanism(head);
  if (!mechanism) return anonymous(head);
  return mechanism.version === 2
    ? authenticateV2(head, parseClaimsV2(head, mechanism.place), components, settings.hostBucket)
    : authenticateV4(head, parseClaims(head, mechanism.place, "s3"), components, settings.region);
}

/**
 * Who signed a request of another service than S3, whose body was read already, by Signature V4 in a header. Undefined
 * without a signature. `regions`: those that may be signed for; undefined: any. As `authenticate`.
 */
export async function authenticateDocument(
  head: RequestHead,
  sha256: string,
  components: AuthenticateComponents,
  { service, regions }: { readonly service: string; readonly regions: readonly string[] | undefined },
): Promise<AccessKey | undefined> {
  const mechanism = signatureMechanism(head);
  if (!mechanism) return undefined;
  if (mechanism.version !== 4 || mechanism.place !== "header")
    throw new S3Error("AuthorizationHeaderMalformed", {
      message: "The request must be signed by Signature Version 4, in its Authorization header.",
    });
  const claims = parseClaims(head, "header", service);
  checkRegion(claims, regions);
  const accessKey = await knownKey(components, claims.accessKeyId, sessionToken(head, claims.place));
  checkTime(claims, components.clock.now());
  checkSignedHeaders(head, claims);
  checkSignature(head, claims, accessKey, sha256);
  return accessKey;
}

async function authenticateV4(
  head: RequestHead,
  claims: SignatureClaims,
  components: AuthenticateComponents,
  region: string | undefined,
): Promise<Authentication> {
  checkRegion(claims, region === undefined ? undefined : [region]);
  const accessKey = await knownKey(components, claims.accessKeyId, sessionToken(head, claims.place));
  checkTime(claims, components.clock.now());
  const text = payloadText(head, claims);
  const payload = parsePayload(text);
  checkSignedHeaders(head, claims);
  checkSignature(head, claims, accessKey, text);
  const presigned = claims.place === "query";
  const found = { accessKey, payload, presigned, version: 4, signedAt: claims.time } as const;
  return payload.kind !== "chunked" || !payload.signed
    ? found
    : { ...found, chunkSigner: new ChunkSigner(claims, accessKey.secretAccessKey) };
}

/** Signature V2: aws-cli v1 and boto3 presign with it by default, and older tools sign headers with it. */
async function authenticateV2(
  head: RequestHead,
  claims: SignatureClaimsV2,
  components: AuthenticateComponents,
  hostBucket: string | undefined,
): Promise<Authentication> {
  // Version 2 signs the token, too: as an `x-amz-*` header, or as the parameter that stands for one.
  const accessKey = await knownKey(components, claims.accessKeyId, sessionToken(head, claims.place));
  checkTimeV2(claims, components.clock.now());
  const texts = stringsToSign(head, claims, hostBucket);
  if (!texts.some((text) => sameSignature(signV2(text, accessKey.secretAccessKey), claims.signature))) {
    const [stringToSign = ""] = texts;
    throw new S3Error("SignatureDoesNotMatch", {
      fields: {
        AWSAccessKeyId: claims.accessKeyId,
        StringToSign: stringToSign,
        SignatureProvided: claims.signature.slice(0, 200),
        StringToSignBytes: bytesOf(stringToSign),
      },
    });
  }
  const presigned = claims.place === "query";
  const payload = unsignedPayload(presigned ? withQueryHeaders(head, 2) : head);
  return { accessKey, payload, presigned, version: 2, ...(presigned ? {} : { signedAt: claims.time }) };
}

function anonymous(head: RequestHead): Authentication {
  return { payload: unsignedPayload(head), presigned: false };
}

/** A body that Signature V4 does not cover may still come in chunks with a trailer, or with its digest. */
function unsignedPayload(head: RequestHead): Payload {
  const text = head.headers.get("x-amz-content-sha256");
  const payload = text === undefined ? ({ kind: "unsigned" } as const) : parsePayload(text);
  if (payload.kind === "chunked" && payload.signed)
    throw new S3Error("AccessDenied", { message: "Signed chunks need a request signed by Signature Version 4." });
  return payload;
}

/** The session token where the signature is; one elsewhere is not signed, and means nothing. */
function sessionToken({ headers, query }: RequestHead, place: Mechanism["place"]): string | undefined {
  if (place === "header") return headers.get("x-amz-security-token");
  for (const [name, [value]] of query.entries()) if (name.toLowerCase() === "x-amz-security-token") return value;
  return undefined;
}

/**
 * The access key of a request. `sessionToken`: only with it are temporary credentials known; an empty one counts as none.
 * InvalidAccessKeyId for a key that does not exist or has expired; InvalidToken for a token that is not this key's;
 * ExpiredToken.
 */
export async function knownKey(
  { credentials, clock }: AuthenticateComponents,
  accessKeyId: string,
  sessionToken: string | undefined,
): Promise<AccessKey> {
  const token = sessionToken || undefined;
  const accessKey = await credentials.lookup(accessKeyId, token);
  // No permanent key has a token, and no temporary one is without.
  if (accessKey && token !== undefined && !accessKey.session) throw new S3Error("InvalidToken");
  const session = token !== undefined || !accessKey?.session;
  if (accessKey && session && clock.now() < (accessKey.limits?.expiresAt ?? Infinity)) return accessKey;
  throw new S3Error("InvalidAccessKeyId", { fields: { AWSAccessKeyId: accessKeyId.slice(0, 200) } });
}

/** `regions`: those that may be signed for, the first is this gateway's; undefined: any, which the signature covers, too. */
function checkRegion(claims: SignatureClaims, regions: readonly string[] | undefined): void {
  if (!regions || regions.includes(claims.region)) return;
  const [region = ""] = regions;
  const why = `the region '${claims.region.slice(0, 60)}' is wrong; expecting '${region}'`;
  const details = { fields: { Region: region }, headers: { "x-amz-bucket-region": region } };
  if (claims.place === "header") {
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

function checkTime(claims: SignatureClaims, now: number): void {
  if (claims.expires === undefined) {
    checkSkew(claims.time, claims.timestamp, now);
    return;
  }
  if (claims.time > now + MAX_SKEW_MS) throw new S3Error("AccessDenied", { message: "Request is not valid yet" });
  const end = claims.time + claims.expires * 1000;
  if (now <= end) return;
  throw new S3Error("AccessDenied", {
    message: "Request has expired",
    fields: { "X-Amz-Expires": String(claims.expires), Expires: iso(end), ServerTime: iso(now) },
  });
}

function checkSkew(time: number, sent: string, now: number): void {
  if (Math.abs(now - time) <= MAX_SKEW_MS) return;
  throw new S3Error("RequestTimeTooSkewed", {
    fields: { RequestTime: sent, ServerTime: iso(now), MaxAllowedSkewMilliseconds: String(MAX_SKEW_MS) },
  });
}

function checkTimeV2({ place, time }: SignatureClaimsV2, now: number): void {
  if (place === "header") checkSkew(time, iso(time), now);
  else if (now > time)
    throw new S3Error("AccessDenied", {
      message: "Request has expired",
      fields: { Expires: iso(time), ServerTime: iso(now) },
    });
}

/** Signature V4: every `x-amz-*` header must be signed, or somebody on the way could add one. AccessDenied. */
function checkSignedHeaders(head: RequestHead, claims: SignatureClaims): void {
  const free = (name: string) => claims.place === "query" && name === "x-amz-content-sha256";
  const sent: string[] = [];
  for (const name of head.headers.names()) if (name.startsWith("x-amz-") && !free(name)) sent.push(name);
  if (sent.length === 0) return;
  const missing = sent.filter((name) => !claims.signedHeaders.names.has(name));
  if (missing.length === 0) return;
  throw new S3Error("AccessDenied", {
    message: "There were headers present in the request which were not signed",
    fields: { HeadersNotSigned: missing.join(", ") },
  });
}

/** The bytes of a text in hex, as S3 shows them in SignatureDoesNotMatch. */
const bytesOf = (text: string) =>
  Buffer.from(text)
    .toString("hex")
    .replace(/..(?=.)/g, "$& ");

function checkSignature(head: RequestHead, claims: SignatureClaims, accessKey: AccessKey, payload: string): void {
  const computed = computeSignature(head, claims, accessKey.secretAccessKey, payload);
  if (sameSignature(computed.signature, claims.signature)) return;
  throw new S3Error("SignatureDoesNotMatch", {
    fields: {
      AWSAccessKeyId: claims.accessKeyId,
      StringToSign: computed.stringToSign,
      SignatureProvided: claims.signature,
      StringToSignBytes: bytesOf(computed.stringToSign),
      CanonicalRequest: computed.canonicalRequest,
      CanonicalRequestBytes: bytesOf(computed.canonicalRequest),
    },
  });
}
