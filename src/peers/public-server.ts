import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { sendEnvelope } from "./envelope.js";
import { HttpListener, type Handler, type HttpListenerComponents, type HttpListenerSettings } from "./http-listener.js";
import { PublicDownloads, type Exchange, type PublicDownloadsComponents } from "./public-downloads.js";
import { NOT_FOUND, Refusal } from "./refusal.js";
import type { StrangerLimits } from "./stranger-limits.js";

/** Further paths of the public listener. */
export interface PublicRoute {
  /** The paths' beginning, such as `/v1/keys`: this path, and those that go on with a slash. */
  readonly path: string;
  /** By default all, and OPTIONS, which browsers ask; others go on to the listener's own paths. */
  readonly methods?: readonly string[];
  /** The body may take as long as something of it arrives; else it has 30 seconds. */
  readonly longBody?: true;
  /** Reads the body, if it wants one, and answers. A rejection is answered as `toRefusal` says. */
  readonly handle: Handler;
}

export interface PublicServerComponents
  extends Omit<HttpListenerComponents, "handle">, Omit<PublicDownloadsComponents, "clientOf"> {
  readonly limits: StrangerLimits;
  /** Awaited for each request before anything of it is decided: what is public is then as new as the request. */
  readonly current?: () => Promise<void>;
  /** What tells requests of one client from those of others: its address, or its network. */
  readonly clientOf: (request: IncomingMessage) => string;
  /** What `GET /status` says of this gateway. */
  readonly status: () => Promise<object>;
  readonly routes: readonly PublicRoute[];
}

export interface PublicServerSettings extends HttpListenerSettings {
  /** Files are shown as what they are, web pages as well. */
  readonly web: boolean;
  /** For a body to arrive whole, ms; of a route with `longBody` as long as something of it arrives. */
  readonly bodyMs: number;
}

const BODY_MS = 30_000;

const CORS: OutgoingHttpHeaders = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "GET, HEAD, POST, PUT, DELETE, OPTIONS",
  "access-control-allow-headers":
    "Content-Type, Range, Content-Range, Token, Hash, Account, Message, Signature, Territory, Cipher",
  "access-control-expose-headers":
    "Content-Length, Content-Range, Content-Type, Content-Disposition, ETag, Retry-After",
  "access-control-max-age": "86400",
};

/** Paths of other gateways that this one does not have, by their beginning, and what they are for. */
const UNSERVED: readonly (readonly [string, string])[] = [
  ["/gateway/capsule", "proxy re-encryption"],
  ["/gateway/reencrypt", "proxy re-encryption"],
  ["/gateway/upload/local", "uploads of files on the gateway's own disk"],
  ["/gateway", "the API of the CESS SDKs (sdk.enabled), or not at this path"],
  ["/file/location", "the places of storage nodes"],
  ["/file/list", "lists of an account's files"],
  ["/resume", "the API of the CESS SDKs (sdk.enabled)"],
  ["/object", "the API of the CESS SDKs (sdk.enabled)"],
  ["/upfile", "uploads without a signature"],
  ["/capacity", "orders of cache traffic"],
  ["/provide", "data from cachers"],
  ["/claim", "data for cachers"],
  ["/fetch", "data for cachers"],
  ["/offload", "data for cachers"],
];

/**
 * The listener for everyone: files by FID, on the paths of the network's gateways. Others read nothing here that
 * `PublicFiles` does not let them.
 */
export class PublicServer {
  private readonly listener: HttpListener;
  private readonly files: PublicDownloads;
  private readonly bodyMs: number;

  constructor(
    private readonly components: PublicServerComponents,
    { web = false, bodyMs = BODY_MS, ...settings }: Partial<PublicServerSettings> = {},
  ) {
    this.bodyMs = bodyMs;
    this.files = new PublicDownloads(components, { web });
    this.listener = new HttpListener(
      { ...components, handle: (request, response, signal) => this.handle(request, response, signal) },
      // Bodies may take long: the pause on the connection is limited.
      { requestTimeoutMs: 0, ...settings },
    );
  }

  get counts(): {
    readonly requests: number;
    readonly refused: number;
    readonly limited: number;
    readonly bytes: number;
  } {
    return { ...this.listener.counts, ...this.components.limits.counts };
  }

  /** Files that are being sent. */
  get downloads(): number {
    return this.components.limits.downloads;
  }

  listen(host: string, port: number): Promise<{ readonly port: number }> {
    return this.listener.listen(host, port);
  }

  /** What runs may take so long to finish, ms. */
  close(drainMs = 0): Promise<void> {
    return this.listener.close(drainMs);
  }

  private async handle(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const { limits, clientOf, routes } = this.components;
    limits.admit(clientOf(request));
    await this.components.current?.();
    const target = request.url ?? "";
    if (!URL.canParse(target, "http://gateway")) throw NOT_FOUND;
    const url = new URL(target, "http://gateway");
    const { method = "GET" } = request;
    const further = routes.find(
      ({ path, methods }) => within(url.pathname, path) && methods?.includes(method) !== false,
    );
    if (further?.longBody !== true) limitBody(request, this.bodyMs);
    if (further) return further.handle(request, response, signal);
    if (method === "OPTIONS") {
      response.writeHead(204, CORS).end();
      return;
    }
    const [, ...parts] = url.pathname.split("/");
    const served = await this.own({ request, response, url, signal }, parts);
    if (served) return;
    const unserved = UNSERVED.find(([path]) => within(url.pathname, path));
    if (unserved) throw new Refusal(501, `this gateway does not offer ${unserved[1]}`);
    if (method !== "GET" && method !== "HEAD") throw new Refusal(405, "method not allowed");
    throw NOT_FOUND;
  }

  /** False when the path is not one of those that are always there. */
  private async own(exchange: Exchange, parts: readonly string[]): Promise<boolean> {
    const { request, response, signal } = exchange;
    const [first = "", second = "", third = "", fourth, ...rest] = parts;
    if (rest.length > 0) return false;
    if (request.method === "POST" && first === "cache-fetch" && parts.length === 1)
      return done(this.files.cacheFetch(exchange));
    if (request.method !== "GET" && request.method !== "HEAD") return false;
    // Nothing below needs a body.
    request.resume();
    if (first === "status" && parts.length === 1) {
      sendEnvelope(response, 200, { code: 200, msg: "success", data: await this.components.status() });
      return true;
    }
    if (first === "querydata" && parts.length === 2) {
      const data = await this.files.isNear(second, signal);
      sendEnvelope(response, 200, { code: 200, msg: "success", data });
      return true;
    }
    if ((first === "download" || first === "open") && parts.length === 2)
      return done(this.files.file(exchange, second));
    if (first === "file" && parts.length === 3) {
      if (second === "download" || second === "open") return done(this.files.file(exchange, third));
      if (second === "metadata") return done(this.files.metadata(exchange, third));
    }
    if (first === "gateway" && second === "download" && parts.length >= 3)
      return done(
        fourth === undefined || fourth === ""
          ? this.files.file(exchange, third, "exclusive")
          : this.files.segment(exchange, third, fourth),
      );
    return false;
  }
}

/** Ends the connection of whose body takes too long: it has a place among the requests, and has not said who it is. */
function limitBody(request: IncomingMessage, ms: number): void {
  const timer = setTimeout(() => request.destroy(), ms);
  for (const event of ["end", "close"]) request.once(event, () => clearTimeout(timer));
}

async function done(work: Promise<void>): Promise<true> {
  await work;
  return true;
}

function within(path: string, beginning: string): boolean {
  return path === beginning || path.startsWith(`${beginning}/`);
}
