import { S3Error } from "../../gateway/s3-error.js";
import type { RequestHead } from "../request.js";
import type { SignatureClaims } from "./signature-claims.js";

/** How the signature covers the body, as `x-amz-content-sha256` says. */
export type Payload =
  | { readonly kind: "digest"; readonly sha256: string }
  | { readonly kind: "unsigned" }
  | { readonly kind: "chunked"; readonly signed: boolean; readonly trailer: boolean };

const streaming: Readonly<Record<string, Payload>> = {
  "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": { kind: "chunked", signed: true, trailer: false },
  "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": { kind: "chunked", signed: true, trailer: true },
  "STREAMING-UNSIGNED-PAYLOAD-TRAILER": { kind: "chunked", signed: false, trailer: true },
};

/** The text for the body in the canonical request. A presigned URL does not sign the body by default. InvalidRequest. */
export function payloadText(head: RequestHead, claims: SignatureClaims): string {
  if (claims.place === "query") {
    return head.query.get("X-Amz-Content-Sha256") ?? head.headers.get("x-amz-content-sha256") ?? "UNSIGNED-PAYLOAD";
  }
  const text = head.headers.get("x-amz-content-sha256");
  if (text === undefined)
    throw new S3Error("InvalidRequest", { message: "Missing required header for this request: x-amz-content-sha256" });
  return text;
}

/** NotImplemented for asymmetric signatures, InvalidArgument for any other unknown text. */
export function parsePayload(text: string): Payload {
  if (text === "UNSIGNED-PAYLOAD") return { kind: "unsigned" };
  if (/^[0-9a-f]{64}$/i.test(text)) return { kind: "digest", sha256: text.toLowerCase() };
  const chunked = Object.hasOwn(streaming, text) ? streaming[text] : undefined;
  if (chunked) return chunked;
  if (text.startsWith("STREAMING-AWS4-ECDSA-"))
    throw new S3Error("NotImplemented", { message: `${text} is not implemented.`, resource: text });
  throw new S3Error("InvalidArgument", {
    message: `x-amz-content-sha256 must be UNSIGNED-PAYLOAD, ${Object.keys(streaming).join(", ")}, or a valid sha256 value.`,
    fields: { ArgumentName: "x-amz-content-sha256", ArgumentValue: text.slice(0, 200) },
  });
}
