import { LRUCache } from "lru-cache";
import { S3Error } from "../../gateway/s3-error.js";
import { formatAmzDate, parseAmzDate, parseHttpDate } from "../wire/http-date.js";
import type { RequestHead } from "../request.js";
import type { Mechanism } from "./mechanism.js";

/** What a request of AWS Signature Version 4 says about its signature, not yet believed. */
export interface SignatureClaims {
  readonly place: Mechanism["place"];
  readonly accessKeyId: string;
  /** `20130524/us-east-1/s3/aws4_request` */
  readonly scope: string;
  readonly region: string;
  readonly signedHeaders: SignedHeaders;
  /** 64 lower-case hex digits. */
  readonly signature: string;
  /** `20130524T000000Z`, and the same in milliseconds since 1970. */
  readonly timestamp: string;
  readonly time: number;
  /** How long a presigned URL is valid, in seconds. */
  readonly expires?: number;
}

/** The headers that a signature covers; names in lower case. */
export interface SignedHeaders {
  readonly names: ReadonlySet<string>;
  /** In the order in which they are signed, and the same as one text. */
  readonly sorted: readonly string[];
  readonly text: string;
}

/** AWS's limit for presigned URLs: seven days, in seconds. */
const MAX_EXPIRES = 604_800;
export const ALGORITHM = "AWS4-HMAC-SHA256";

const unsupported = (authorization: string) =>
  new S3Error("InvalidArgument", {
    message: "Unsupported Authorization Type",
    fields: { ArgumentName: "Authorization", ArgumentValue: authorization.slice(0, 100) },
  });

export interface CredentialScope {
  readonly accessKeyId: string;
  readonly scope: string;
  readonly date: string;
  readonly region: string;
}

/** `KEYID/YYYYMMDD/REGION/SERVICE/aws4_request`. */
export function parseScope(credential: string, service: string, refuse: (why: string) => S3Error): CredentialScope {
  // The key ID may contain slashes itself.
  const match = /^(.+)\/(\d{8})\/([^/]*)\/([^/]+)\/([^/]+)$/.exec(credential);
  if (!match)
    throw refuse('the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".');
  const [, accessKeyId = "", date = "", region = "", claimed = "", end = ""] = match;
  if (claimed !== service)
    throw refuse(`incorrect service "${claimed.slice(0, 40)}". This endpoint belongs to "${service}".`);
  if (end !== "aws4_request")
    throw refuse(`incorrect terminal "${end.slice(0, 40)}". This endpoint uses "aws4_request".`);
  return { accessKeyId, date, region, scope: `${date}/${region}/${service}/aws4_request` };
}

/** What texts in requests say. A text is as long as a head may be, so they are counted: a thousand, and a MiB. */
const knownTexts = <Said extends object>() =>
  new LRUCache<string, Said>({
    max: 1000,
    maxSize: 1024 * 1024,
    sizeCalculation: (_, text) => 2 * text.length + 1,
  });

/** A client signs the same headers again and again. */
const knownSignedHeaders = knownTexts<SignedHeaders>();

function parseSignedHeaders(text: string, refuse: (why: string) => S3Error): SignedHeaders {
  const known = knownSignedHeaders.get(text);
  if (known) return known;
  const names = new Set(
    text
      .toLowerCase()
      .split(";")
      .filter((name) => name !== ""),
  );
  if (!names.has("host")) throw refuse('the SignedHeaders must include "host".');
  const sorted = [...names].sort();
  const parsed = { names, sorted, text: sorted.join(";") };
  knownSignedHeaders.set(text, parsed);
  return parsed;
}

function parseSignature(text: string, refuse: (why: string) => S3Error): string {
  if (!/^[0-9a-f]{64}$/i.test(text)) throw refuse("the Signature must be 64 hex digits.");
  return text.toLowerCase();
}

/** What an Authorization header says before the signature. */
interface Signer {
  readonly service: string;
  readonly credential: CredentialScope;
  readonly signedHeaders: SignedHeaders;
}

/** By the header's text up to the signature, if that is at its end: a client sends the same one all day. */
const knownSigners = knownTexts<Signer>();
const SIGNATURE_AT_END = /[\s,]Signature=[0-9a-f]{64}$/;

function parseAuthorization(
  authorization: string,
  service: string,
  refuse: (why: string) => S3Error,
): Signer & Pick<SignatureClaims, "signature"> {
  const before = SIGNATURE_AT_END.test(authorization) ? authorization.slice(0, -64) : undefined;
  const known = before === undefined ? undefined : knownSigners.get(before);
  if (known?.service === service) return { signature: authorization.slice(-64), ...known };
  const [scheme = ""] = authorization.split(/\s/, 1);
  if (scheme !== ALGORITHM) throw unsupported(authorization);
  const fields = new Map<string, string>();
  for (const field of authorization.slice(ALGORITHM.length).split(",")) {
    const equals = field.indexOf("=");
    const name = field.slice(0, Math.max(0, equals)).trim();
    if (fields.has(name)) throw refuse(`${name.slice(0, 40)} is given more than once.`);
    if (name !== "") fields.set(name, field.slice(equals + 1).trim());
  }
  const field = (name: string) => fields.get(name) ?? "";
  const signer = {
    service,
    credential: parseScope(field("Credential"), service, refuse),
    signedHeaders: parseSignedHeaders(field("SignedHeaders"), refuse),
  };
  const signature = parseSignature(field("Signature"), refuse);
  if (before !== undefined) knownSigners.set(before, signer);
  return { signature, ...signer };
}

function headerClaims(head: RequestHead, service: string): SignatureClaims {
  const refuse = (why: string) =>
    new S3Error("AuthorizationHeaderMalformed", { message: `The authorization header is malformed; ${why}` });
  const { credential, signedHeaders, signature } = parseAuthorization(
    head.headers.get("authorization") ?? "",
    service,
    refuse,
  );
  const dated = head.headers.get("x-amz-date");
  const time = dated === undefined ? parseHttpDate(head.headers.get("date")) : parseAmzDate(dated);
  if (time === undefined) {
    throw new S3Error("AccessDenied", { message: "AWS authentication requires a valid Date or x-amz-date header" });
  }
  const timestamp = dated ?? formatAmzDate(time);
  if (!timestamp.startsWith(credential.date))
    throw refuse(
      `Invalid credential date "${credential.date}". This date is not the same as X-Amz-Date: "${timestamp.slice(0, 8)}".`,
    );
  const { accessKeyId, region, scope } = credential;
  return { place: "header", accessKeyId, region, scope, timestamp, time, signedHeaders, signature };
}

function queryClaims(head: RequestHead, service: string): SignatureClaims {
  const refuse = (message: string) => new S3Error("AuthorizationQueryParametersError", { message });
  const field = (name: string) => {
    const value = head.query.get(name);
    if (value === undefined) {
      throw refuse(
        "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
      );
    }
    return value;
  };
  if (field("X-Amz-Algorithm") !== ALGORITHM) throw refuse(`X-Amz-Algorithm only supports "${ALGORITHM}"`);
  const because = (why: string) => refuse(`Error parsing the X-Amz-Credential parameter; ${why}`);
  const { date, ...scope } = parseScope(field("X-Amz-Credential"), service, because);
  const timestamp = field("X-Amz-Date");
  const time = parseAmzDate(timestamp);
  if (time === undefined) throw refuse("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
  if (!timestamp.startsWith(date))
    throw because(
      `Invalid credential date "${date}". This date is not the same as X-Amz-Date: "${timestamp.slice(0, 8)}".`,
    );
  const expires = field("X-Amz-Expires");
  if (!/^-?\d{1,15}$/.test(expires)) throw refuse("X-Amz-Expires should be a number");
  if (Number(expires) < 0) throw refuse("X-Amz-Expires must be non-negative");
  if (Number(expires) > MAX_EXPIRES)
    throw refuse(
      `X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than ${MAX_EXPIRES} seconds`,
    );
  return {
    place: "query",
    ...scope,
    timestamp,
    time,
    expires: Number(expires),
    signedHeaders: parseSignedHeaders(field("X-Amz-SignedHeaders"), refuse),
    signature: parseSignature(field("X-Amz-Signature"), refuse),
  };
}

/**
 * Reads the claims of a request to a service, such as `s3`, that Version 4 signs in this place. AuthorizationHeaderMalformed,
 * AuthorizationQueryParametersError, InvalidArgument for an unknown scheme, AccessDenied for an invalid date.
 */
export function parseClaims(head: RequestHead, place: Mechanism["place"], service: string): SignatureClaims {
  return place === "header" ? headerClaims(head, service) : queryClaims(head, service);
}
