import type { IncomingMessage, ServerResponse } from "node:http";
import type { ByteStream } from "../streams/byte-stream.js";
import { bodyChunks, documentChunks } from "../streams/chunk-pool.js";
import type { IncomingBody } from "./incoming.js";
import type { S3Response } from "./operation.js";
import { isHeaderName, isHeaderValue, toLatin1 } from "./wire/headers.js";
import { XML_DECLARATION } from "./wire/xml-writer.js";

export interface SendSettings {
  /** Time before the first, and between further, spaces that keep the connection of a deferred response alive. Milliseconds. */
  readonly keepAliveMs: number;
  /** The connection of a client that takes no byte for this long, in milliseconds, is closed: waiting costs memory. */
  readonly readIdleMs: number;
}

/** An HTTP request and its response. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: IncomingBody;
  /** Of the answer, beside those that all answers have. */
  headers: S3Response["headers"];
  /** Bytes of the answer's body that were sent. */
  sent: number;
}

/**
 * Gives status and headers to Node, which sends them with the first bytes: as one list, since to set one after the other
 * costs more. No name is in two of the records. A header that is not valid in HTTP is left out: earlier versions stored such
 * values, and their objects must stay readable.
 */
function writeHead({ response }: Exchange, status: number, ...headers: readonly S3Response["headers"][]): void {
  const list: string[] = [];
  for (const some of headers) {
    for (const name in some) {
      const value = some[name];
      if (value === undefined || !isHeaderName(name)) continue;
      const text = String(value);
      if (isHeaderValue(text)) list.push(name, toLatin1(text));
    }
  }
  response.writeHead(status, list);
}

/**
 * Sends chunk by chunk. A chunk is written when the socket has taken the one before, while the source reads the next, so
 * even a slow client uses the memory of two chunks only. A body of one chunk goes out in one piece with the head. Rejects if
 * the source fails, or the client hangs up or stalls. `length`: of the body in bytes, where it is known.
 */
async function stream(body: ByteStream, exchange: Exchange, idleMs: number, length: unknown): Promise<void> {
  const { response } = exchange;
  let fail: (reason: Error) => void = () => undefined;
  // `close` also comes after a complete response. Then no Error is created: that would be as slow as sending the head.
  const cut = (reason: string) => () => {
    if (!response.writableFinished) fail(new Error(reason));
  };
  const closed = cut("the client is gone");
  const idle = setTimeout(cut("the client reads nothing"), idleMs);
  response.once("close", closed);
  const taken = (write: (done: (error?: Error | null) => void) => void) =>
    new Promise<void>((resolve, reject) => {
      fail = reject;
      if (response.destroyed) closed();
      else write((error) => (error ? reject(error) : resolve()));
    });
  try {
    for await (const chunk of body) {
      // The time that the source took does not count against the client.
      idle.refresh();
      const ends = chunk.length === length && (await body.next()).done === true;
      await taken((done) => (ends ? response.end(chunk, done) : response.write(chunk, done)));
      exchange.sent += chunk.length;
      bodyChunks.giveBack(chunk);
      if (ends) return;
    }
    idle.refresh();
    await taken((done) => response.end(done));
  } finally {
    clearTimeout(idle);
    response.off("close", closed);
  }
}

const NONE: S3Response["headers"] = {};
const CLOSE: S3Response["headers"] = { Connection: "close" };

/**
 * Sends an answer, with the headers that are `common` to all answers. Rejects if a streamed body fails. The body is never
 * padded: the caller closes the connection.
 */
export async function send(
  exchange: Exchange,
  answer: S3Response,
  common: S3Response["headers"],
  settings: SendSettings,
): Promise<void> {
  const { request, response, body } = exchange;
  const { status, headers } = answer;
  exchange.headers = headers;
  const unread = !request.complete;
  const ending = unread && common["Connection"] === undefined ? CLOSE : NONE;
  const silent = request.method === "HEAD";
  if (typeof answer.body === "object") {
    const { whole } = answer.body;
    if (silent) answer.body.close();
    else {
      writeHead(exchange, status, common, headers, ending);
      if (!whole || unread) return stream(answer.body, exchange, settings.readIdleMs, headers["Content-Length"]);
      exchange.sent += whole.length;
      response.end(whole);
      return;
    }
  }
  const bytes = encoded(typeof answer.body === "string" ? answer.body : "");
  const length = !silent && status !== 204 && status !== 304 ? { "Content-Length": bytes.length } : NONE;
  writeHead(exchange, status, common, headers, ending, length);
  if (!silent) exchange.sent += bytes.length;
  if (unread && !body.over) {
    // Because of Content-Length the client knows that the answer is complete. The connection is closed after draining.
    response.flushHeaders();
    if (!silent && bytes.length > 0) response.write(bytes);
    await body.discard();
    response.end();
  } else response.end(silent ? undefined : bytes, () => documentChunks.giveBack(bytes));
}

/** Shorter texts, in UTF-16 units, do not need a chunk of their own. */
const LONG_TEXT = 16 * 1024;

/**
 * The text in UTF-8. Given a string, Node would measure and then encode it, each of which takes a millisecond for a page
 * of keys. If the text surely fits, it is encoded into reused memory: allocating memory takes as long as encoding.
 */
function encoded(text: string): Buffer {
  if (text.length < LONG_TEXT || text.length * 3 > documentChunks.chunkBytes) return Buffer.from(text);
  const chunk = documentChunks.take();
  return chunk.subarray(0, chunk.write(text));
}

/**
 * Waits for an answer and sends it, as S3 does. If the answer comes before the first interval ends, it is sent as it is.
 * Otherwise status 200 and the XML declaration are sent first, then a space at each interval, and at last the document or
 * an `<Error>`. The client parses either.
 */
export async function sendDeferred(
  exchange: Exchange,
  answer: Promise<S3Response>,
  common: S3Response["headers"],
  settings: SendSettings,
): Promise<S3Response> {
  const { response } = exchange;
  const timer = setInterval(() => {
    if (response.headersSent) response.write(" ");
    else {
      writeHead(exchange, 200, common, { "Content-Type": "application/xml" });
      response.write(XML_DECLARATION);
    }
  }, settings.keepAliveMs);
  // If the client hangs up, the work continues, but nothing more is sent.
  response.once("close", () => clearInterval(timer));
  let final: S3Response;
  try {
    final = await answer;
  } finally {
    clearInterval(timer);
  }
  if (!response.headersSent) await send(exchange, final, common, settings);
  else {
    const rest = typeof final.body === "string" ? final.body.replace(XML_DECLARATION, "") : "";
    exchange.sent += rest.length;
    response.end(rest);
  }
  return final;
}
