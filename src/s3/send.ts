import type { IncomingMessage, ServerResponse } from "node:http";
import type { ByteStream } from "../streams/byte-stream.js";
import { bodyChunks, documentChunks } from "../streams/chunk-pool.js";
import type { IncomingBody } from "./incoming.js";
import type { S3Response } from "./operation.js";
import { isHeaderName, isHeaderValue, toLatin1 } from "./wire/headers.js";
import { XML_DECLARATION } from "./wire/xml-writer.js";

/** Of a body nobody wants, this much is read so that the client gets to see the answer: bytes, and milliseconds. */
const drainLimits = { bytes: 16 * 1024 * 1024, ms: 5_000 };

export interface SendSettings {
  /** Milliseconds before the first, and between, signs of life of an answer that takes long. */
  readonly keepAliveMs: number;
  /** A client that takes nothing of a body for so many milliseconds is cut off: what waits for it holds memory. */
  readonly readIdleMs: number;
}

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: IncomingBody;
}

/**
 * Of two headers of one name the later one's is sent. One that is not valid for HTTP is left out: earlier versions
 * stored such values, and what they belong to must stay readable.
 */
function writeHead({ response }: Exchange, status: number, ...headers: readonly S3Response["headers"][]): void {
  for (const some of headers) {
    for (const name in some) {
      const value = some[name];
      if (value === undefined || !isHeaderName(name) || !isHeaderValue(String(value))) continue;
      response.setHeader(name, toLatin1(String(value)));
    }
  }
  response.statusCode = status;
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

/**
 * One chunk after another, each when the socket has taken the one before, while the source reads the next: a client's
 * share of memory is two chunks, however slow it is. Rejects when the source fails or the client is gone or stalls.
 */
async function stream(body: ByteStream, response: ServerResponse, idleMs: number): Promise<void> {
  let fail: (reason: Error) => void = () => undefined;
  // A response that was sent whole is closed, too, and that is no error: making one would cost as much as its head.
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
      // The source may have taken its time: only the client's is counted.
      idle.refresh();
      await taken((done) => response.write(chunk, done));
      bodyChunks.giveBack(chunk);
    }
    idle.refresh();
    await taken((done) => response.end(done));
  } finally {
    clearTimeout(idle);
    response.off("close", closed);
  }
}

/**
 * Sends a whole answer, with the headers that are `common` to all; rejects when a streamed body fails, with the
 * connection broken off and never padded.
 */
export async function send(
  exchange: Exchange,
  answer: S3Response,
  common: S3Response["headers"],
  settings: SendSettings,
): Promise<void> {
  const { request, response, body } = exchange;
  writeHead(exchange, answer.status, common, answer.headers);
  const unread = !request.complete;
  if (unread) response.setHeader("Connection", "close");
  const silent = request.method === "HEAD";
  if (typeof answer.body === "object") {
    if (silent) answer.body.close();
    else return stream(answer.body, response, settings.readIdleMs);
  }
  const bytes = encoded(typeof answer.body === "string" ? answer.body : "");
  if (!silent && answer.status !== 204 && answer.status !== 304) response.setHeader("Content-Length", bytes.length);
  if (unread && !body.over) {
    // With Content-Length the client has the whole answer now; the connection ends when its body has been let pass.
    response.flushHeaders();
    if (!silent && bytes.length > 0) response.write(bytes);
    await drain(exchange);
    response.end();
  } else response.end(silent ? undefined : bytes, () => documentChunks.giveBack(bytes));
}

/** Shorter texts are not worth a whole chunk. */
const LONG_TEXT = 16 * 1024;

/**
 * Encoded once: Node would measure a string and then encode it, which for a page of keys is a millisecond each. Where
 * it surely fits, into memory that is used again: new memory costs as much as the encoding.
 */
function encoded(text: string): Buffer {
  if (text.length < LONG_TEXT || text.length * 3 > documentChunks.chunkBytes) return Buffer.from(text);
  const chunk = documentChunks.take();
  return chunk.subarray(0, chunk.write(text));
}

/**
 * Waits for a slow answer. A fast one is sent as it is; for a slow one status 200 and the XML declaration go out first,
 * then a space at each interval, then the document or `<Error>`, as S3 does: the client parses it in either case.
 */
export async function sendLate(
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
  // The work goes on when its client has left, but nobody is left to be kept waiting.
  response.once("close", () => clearInterval(timer));
  let final: S3Response;
  try {
    final = await answer;
  } finally {
    clearInterval(timer);
  }
  if (!response.headersSent) await send(exchange, final, common, settings);
  else response.end(typeof final.body === "string" ? final.body.replace(XML_DECLARATION, "") : "");
  return final;
}
