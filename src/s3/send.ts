import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { IncomingBody } from "./incoming.js";
import type { S3Response } from "./operation.js";
import { toLatin1 } from "./wire/headers.js";
import { XML_DECLARATION } from "./wire/xml-writer.js";

/** Of a body nobody wants, this much is read so that the client gets to see the answer: bytes, and milliseconds. */
const drainLimits = { bytes: 16 * 1024 * 1024, ms: 5_000 };

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: IncomingBody;
}

function writeHead({ response }: Exchange, answer: S3Response): void {
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined) response.setHeader(name, toLatin1(String(value)));
  }
  response.statusCode = answer.status;
}

/** Reads on for a while: a connection closed with unread bytes is reset, and a reset may overtake the answer. */
async function drain({ request }: Exchange): Promise<void> {
  await new Promise<void>((resolve) => {
    let left = drainLimits.bytes;
    const timer = setTimeout(resolve, drainLimits.ms);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    request.on("data", (bytes: Buffer) => {
      left -= bytes.length;
      if (left <= 0) done();
    });
    for (const event of ["end", "aborted", "error", "close"]) request.once(event, done);
    request.resume();
  });
}

/** Sends a whole answer; rejects when a streamed body fails, with the connection broken off and never padded. */
export async function send(exchange: Exchange, answer: S3Response): Promise<void> {
  const { request, response, body } = exchange;
  writeHead(exchange, answer);
  const unread = !request.complete;
  if (unread) response.setHeader("Connection", "close");
  const silent = request.method === "HEAD";
  if (answer.body instanceof Readable) {
    if (silent) answer.body.destroy();
    else return pipeline(answer.body, response);
  }
  const text = typeof answer.body === "string" ? answer.body : "";
  if (!silent && answer.status !== 204 && answer.status !== 304) response.setHeader("Content-Length", Buffer.byteLength(text));
  if (unread && !body.over) {
    // With Content-Length the client has the whole answer now; the connection ends when its body has been let pass.
    response.flushHeaders();
    if (!silent && text !== "") response.write(text);
    await drain(exchange);
    response.end();
  } else response.end(silent ? undefined : text);
}

export interface KeepAliveSettings {
  /** Milliseconds before the first, and between, signs of life. */
  readonly keepAliveMs: number;
}

/**
 * Waits for a slow answer. A fast one is sent as it is; for a slow one status 200 and the XML declaration go out first,
 * then a space at each interval, then the document or `<Error>`, as S3 does: the client parses it in either case.
 */
export async function sendLate(
  exchange: Exchange, answer: Promise<S3Response>, common: S3Response["headers"], settings: KeepAliveSettings,
): Promise<S3Response> {
  const { response } = exchange;
  const timer = setInterval(() => {
    if (response.headersSent) response.write(" ");
    else {
      writeHead(exchange, { status: 200, headers: { ...common, "Content-Type": "application/xml" } });
      response.write(XML_DECLARATION);
    }
  }, settings.keepAliveMs);
  // The work goes on when its client has left, but nobody is left to be kept waiting.
  response.once("close", () => clearInterval(timer));
  let final: S3Response;
  try {
    final = await answer;
  } finally {
    clearInterval(timer);
  }
  if (!response.headersSent) await send(exchange, { ...final, headers: { ...common, ...final.headers } });
  else response.end(typeof final.body === "string" ? final.body.replace(XML_DECLARATION, "") : "");
  return final;
}
