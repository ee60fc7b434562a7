import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import express, { type Request, type Response } from "express";
import { Dispatcher, type DispatchComponents, type DispatchSettings } from "./dispatch.js";

export interface S3AppSettings extends DispatchSettings {
  /** Connections at a time; further ones are closed as they come. */
  readonly maxConnections: number;
  /** Request line and headers together, in bytes. */
  readonly maxHeaderBytes: number;
  /** Milliseconds in which a client must have sent its headers. */
  readonly headersTimeoutMs: number;
  /** Milliseconds an idle connection is kept for another request. */
  readonly keepAliveTimeoutMs: number;
}

const serverDefaults = {
  maxConnections: 4096,
  maxHeaderBytes: 64 * 1024,
  headersTimeoutMs: 60_000,
  keepAliveTimeoutMs: 65_000,
};

/** The S3 endpoint as an HTTP server that does not listen yet: `listen` and `close` are the caller's. */
export function createS3App(components: DispatchComponents, settings: Partial<S3AppSettings> = {}): Server {
  const dispatcher = new Dispatcher(components, settings);
  // A router and no application: that would give every request and response another prototype, which makes all that is
  // done with them afterwards slower, and bring readers of URL and body that would change what was signed.
  const app = express.Router();
  const handle = (request: IncomingMessage, response: ServerResponse) => dispatcher.handle(request, response);
  app.use(handle);
  const listener: RequestListener = (request, response) =>
    app(request as Request, response as Response, () => void handle(request, response));

  const limits = { ...serverDefaults, ...settings };
  const server = createServer({
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    // A body of 5 GiB takes as long as it takes; one that stalls is ended by `bodyIdleMs`.
    requestTimeout: 0,
  });
  server.maxConnections = limits.maxConnections;
  server.on("request", listener);
  // `Expect: 100-continue` is answered when the body is first read: after authentication and every check of the
  // headers.
  server.on("checkContinue", listener);
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) =>
    refuseConnection(dispatcher, error, socket),
  );
  return server;
}

/** What is no HTTP never becomes a request; a body that ended early belongs to one, which answers for itself. */
function refuseConnection(dispatcher: Dispatcher, error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "HPE_INVALID_EOF_STATE" && dispatcher.cut(socket)) return;
  if (!socket.writable || error.code === "ECONNRESET") return void socket.destroy();
  const status = error.code === "HPE_HEADER_OVERFLOW" ? "431 Request Header Fields Too Large" : "400 Bad Request";
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
}
