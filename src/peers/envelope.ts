import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Refusal } from "./refusal.js";

/** The form of every answer of a CESS gateway that is not a file's bytes. */
export interface Envelope {
  readonly code: number;
  readonly msg: string;
  readonly data: unknown;
}

/** Parses another gateway's envelope; undefined for anything else. */
export function readEnvelope(text: string): (Pick<Envelope, "code"> & { readonly data?: unknown }) | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("code" in value) || typeof value.code !== "number")
      return undefined;
    return { code: value.code, ...("data" in value && { data: value.data }) };
  } catch {
    return undefined;
  }
}

/** Answers with an envelope. A body that has not been read whole ends the connection. */
export function sendEnvelope(
  response: ServerResponse,
  status: number,
  envelope: Envelope,
  headers: OutgoingHttpHeaders = {},
): void {
  const body = Buffer.from(JSON.stringify(envelope));
  response
    .writeHead(status, {
      "content-type": "application/json; charset=utf-8",
      "content-length": body.length,
      "access-control-allow-origin": "*",
      ...headers,
    })
    .end(body);
}

export function sendRefusal(response: ServerResponse, refusal: Refusal): void {
  const { code, envelopeCode, message, retryAfterMs } = refusal;
  const headers: OutgoingHttpHeaders =
    retryAfterMs === undefined ? {} : { "retry-after": String(Math.max(1, Math.ceil(retryAfterMs / 1000))) };
  sendEnvelope(response, code, { code: envelopeCode, msg: message, data: null }, headers);
}
