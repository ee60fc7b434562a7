import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import type { ConsoleHandler } from "./console-handler.js";

export interface ConsoleServerComponents {
  readonly handler: Pick<ConsoleHandler, "handle">;
  /** `node:http`'s by default; another one for TLS. */
  readonly createServer?: (options: ServerOptions, listener: RequestListener) => Server;
}

/** Connections that are open; bytes of a head; ms in which a head must have come, and that an idle connection is kept. */
const LIMITS = { connections: 1024, headerBytes: 32 * 1024, headersMs: 30_000, keepAliveMs: 65_000 };

/** The listener of the console for users. What operators do is not there. The caller calls `listen` and `close`. */
export function consoleServer({ handler, createServer: create = createServer }: ConsoleServerComponents): Server {
  const options = {
    maxHeaderSize: LIMITS.headerBytes,
    headersTimeout: LIMITS.headersMs,
    keepAliveTimeout: LIMITS.keepAliveMs,
    // Uploads may take long; the S3 app ends those that stall.
    requestTimeout: 0,
  };
  const server = create(options, (request, response) => {
    if (handler.handle(request, response)) return;
    if (request.url === "/") response.writeHead(302, { location: "/console/" }).end();
    else response.writeHead(404, { "content-type": "text/plain", connection: "close" }).end("not found\n");
  });
  server.maxConnections = LIMITS.connections;
  return server;
}
