import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { KIB } from "../model/sizes.js";
import { discardUnread } from "../streams/short-body.js";
import { sendRefusal } from "./envelope.js";
import { BUSY, toRefusal } from "./refusal.js";

/** The part of a logger that is used here; pino's fits. */
export interface Log {
  warn(fields: object, message: string): void;
}

/** Answers a request. A rejection becomes the answer while none has begun, and else the end of the connection. */
export type Handler = (request: IncomingMessage, response: ServerResponse, signal: AbortSignal) => Promise<void>;

export interface HttpListenerComponents {
  readonly handle: Handler;
  readonly log: Log;
  /** `node:http`'s by default; another one for TLS. */
  readonly createServer?: ((options: ServerOptions) => Server) | undefined;
}

export interface HttpListenerSettings {
  /** Requests served at a time; others are answered 503. */
  readonly requests: number;
  readonly connections: number;
  /** For a request to arrive, its body as well; 0: as long as something of it arrives. */
  readonly requestTimeoutMs: number;
  /** Longest pause on a connection, including a client that does not read. */
  readonly idleTimeoutMs: number;
}

export const HTTP_LISTENER_DEFAULTS: HttpListenerSettings = {
  requests: 64,
  connections: 256,
  requestTimeoutMs: 30_000,
  idleTimeoutMs: 60_000,
};

/** For a request's head to arrive, ms. */
const HEAD_MS = 30_000;
/** An HTTP server with limits, whose answers that are no files are envelopes. */
export class HttpListener {
  readonly counts = { requests: 0, refused: 0 };
  private readonly server: Server;
  private readonly settings: HttpListenerSettings;
  private readonly closing = new AbortController();
  private readonly handling = new Set<Promise<void>>();

  constructor(
    private readonly components: HttpListenerComponents,
    settings: Partial<HttpListenerSettings> = {},
  ) {
    this.settings = { ...HTTP_LISTENER_DEFAULTS, ...settings };
    const { requestTimeoutMs: requestTimeout, connections, idleTimeoutMs } = this.settings;
    const create = components.createServer ?? createServer;
    this.server = create({ requestTimeout, headersTimeout: HEAD_MS, maxHeaderSize: 16 * KIB });
    this.server.maxConnections = connections;
    this.server.timeout = idleTimeoutMs;
    this.server.on("request", (request, response) => {
      const work = this.handle(request, response).finally(() => this.handling.delete(work));
      this.handling.add(work);
    });
  }

  async listen(host: string, port: number): Promise<{ readonly port: number }> {
    await new Promise<void>((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(port, host, resolve);
    });
    return { port: (this.server.address() as AddressInfo).port };
  }

  /**
   * Takes nothing new, gives what runs `drainMs` milliseconds, then ends every connection and waits until no work for them
   * is under way.
   */
  async close(drainMs = 0): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeIdleConnections();
    if (drainMs > 0 && this.handling.size > 0) await this.drained(closed, drainMs);
    this.closing.abort(new DOMException("the gateway is closing", "AbortError"));
    this.server.closeAllConnections();
    await closed;
    await Promise.all(this.handling);
  }

  private async drained(closed: Promise<void>, drainMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([closed, new Promise((resolve) => (timer = setTimeout(resolve, drainMs)))]);
    clearTimeout(timer);
  }

  /** Never rejects: a failure becomes an answer, or the end of the connection. */
  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.counts.requests++;
    const gone = new AbortController();
    response.once("close", () => gone.abort(new DOMException("the client has left", "AbortError")));
    try {
      if (this.handling.size >= this.settings.requests) throw BUSY;
      await this.components.handle(request, response, AbortSignal.any([gone.signal, this.closing.signal]));
    } catch (error) {
      this.counts.refused++;
      const refusal = toRefusal(error);
      if (refusal.code === 500 && !gone.signal.aborted)
        this.components.log.warn({ err: error }, "a request of the gateway protocol failed");
      if (response.headersSent || gone.signal.aborted) response.destroy();
      else {
        if (!request.complete) {
          response.setHeader("connection", "close");
          await discardUnread(request);
        }
        if (!response.destroyed) sendRefusal(response, refusal);
      }
    } finally {
      // Else the body would be read to its end before the connection's next request.
      request.resume();
    }
  }
}
