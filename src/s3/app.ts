import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from "node:http";
import type { Socket } from "node:net";
import express, { type Request, type Response } from "express";
import { Dispatcher, type DispatchComponents } from "./dispatch.js";
import type { DispatchSettings } from "./dispatch-settings.js";

export interface S3AppSettings extends DispatchSettings {
  /** Limit of open connections. Further ones are closed at once. */
  readonly maxConnections: number;
  /** Request line and headers together, in bytes. */
  readonly maxHeaderBytes: number;
  /** Time that a client has to send its headers, in milliseconds. */
  readonly headersTimeoutMs: number;
  /** How long an idle connection is kept for another request, in milliseconds. */
  readonly keepAliveTimeoutMs: number;
}

const serverDefaults = {
  maxConnections: 4096,
  maxHeaderBytes: 64 * 1024,
  headersTimeoutMs: 60_000,
  keepAliveTimeoutMs: 65_000,
};

export interface S3AppComponents extends DispatchComponents {
  /** `node:http`'s by default; another one for TLS. */
  readonly createServer?: (options: ServerOptions) => Server;
}

/** Creates the HTTP server of the S3 endpoint. The caller calls `listen` and `close`. */
export function createS3App(components: S3AppComponents, settings: Partial<S3AppSettings> = {}): Server {
  const dispatcher = new Dispatcher(components, settings);
  // A router, not an express application: an application changes the prototype of every request and response, which makes
  // each later access slower. It would also parse URL and body, but the signature is over them as they were sent.
  const app = express.Router();
  const handle = (request: IncomingMessage, response: ServerResponse) => dispatcher.handle(request, response);
  app.use(handle);
  const listener: RequestListener = (request, response) =>
    app(request as Request, response as Response, () => void handle(request, response));

  const limits = { ...serverDefaults, ...settings };
  const server = (components.createServer ?? createServer)({
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    // A body of 5 GiB may take long. `bodyIdleMs` ends one that stalls.
    requestTimeout: 0,
  });
  server.maxConnections = limits.maxConnections;
  server.on("request", listener);
  // `Expect: 100-continue` is answered when the body is first read: after authentication and all checks of the headers.
  server.on("checkContinue", listener);
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) =>
    refuseConnection(dispatcher, error, socket),
  );
  return server;
}

/**
 * Answers input that is not valid HTTP, and closes its connection. A request whose body ended early, or that waits for the
 * answer to the one before, sends the answer itself; one that came whole before the error gets its answer first.
 */
function refuseConnection(dispatcher: Dispatcher, error: NodeJS.ErrnoException, socket: Socket): void {
  const { request, response, body } = dispatcher.underWay(socket) ?? {};
  // The client sent it before it had the answer to the one before, which is on its way.
  const waitsItsTurn = response?.socket === null;
  if (!socket.writable || error.code === "ECONNRESET") socket.destroy();
  else if (request?.complete === true) response?.once("finish", () => socket.destroySoon());
  else if (body && (error.code === "HPE_INVALID_EOF_STATE" || waitsItsTurn)) body.cut();
  else if (response?.headersSent === true) socket.destroy();
  else {
    const status = error.code === "HPE_HEADER_OVERFLOW" ? "431 Request Header Fields Too Large" : "400 Bad Request";
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
  }
}
