import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Catalog, FileRow } from "../catalog/catalog.js";
import { isProblem } from "../model/errors.js";
import { isHash } from "../model/hash.js";
import { KIB } from "../model/sizes.js";
import { readFid, readRange, readReach } from "./file-request.js";
import type { FileMetadata } from "./file-metadata.js";
import { type Envelope, Refusal } from "./refusal.js";
import type { SharedFiles } from "./shared-files.js";

/** The part of a logger that is used here; pino's fits. */
export interface Log {
  warn(fields: object, message: string): void;
}

export interface PeerServerComponents {
  readonly files: SharedFiles;
  readonly metadata: FileMetadata;
  readonly log: Log;
  /** `node:http`'s by default; another one for TLS. */
  readonly createServer?: (options: ServerOptions) => Server;
}

export interface PeerServerSettings {
  /** Requests served at a time; others are answered 503. */
  readonly requests: number;
  readonly connections: number;
  /** For a request's head to arrive. */
  readonly requestTimeoutMs: number;
  /** Longest pause on a connection, including a client that does not read. */
  readonly idleTimeoutMs: number;
}

export const PEER_SERVER_DEFAULTS: PeerServerSettings = {
  requests: 64,
  connections: 256,
  requestTimeoutMs: 30_000,
  idleTimeoutMs: 60_000,
};

export interface PeerCounts {
  requests: number;
  refused: number;
  bytes: number;
}

const BUSY = new Refusal(503, "server busy");
const NOT_FOUND = "Not found";
/** The content of a FID never changes. */
const CACHING = "public, max-age=2592000, no-transform, immutable";

/**
 * The download paths of the CESS gateway protocol: other gateways and CESS tools read what this gateway has. They need
 * no signature, since a FID's bytes are public in the network. Nothing can be written.
 */
export class PeerServer {
  readonly counts: PeerCounts = { requests: 0, refused: 0, bytes: 0 };
  private readonly server: Server;
  private readonly settings: PeerServerSettings;
  private readonly closing = new AbortController();
  private readonly handling = new Set<Promise<void>>();

  constructor(
    private readonly components: PeerServerComponents,
    settings: Partial<PeerServerSettings> = {},
  ) {
    this.settings = { ...PEER_SERVER_DEFAULTS, ...settings };
    const create = components.createServer ?? createServer;
    this.server = create({ requestTimeout: this.settings.requestTimeoutMs, maxHeaderSize: 16 * KIB });
    this.server.maxConnections = this.settings.connections;
    this.server.timeout = this.settings.idleTimeoutMs;
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

  /** Ends every connection and waits until no read for them is under way. */
  async close(): Promise<void> {
    this.closing.abort(new DOMException("the gateway is closing", "AbortError"));
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    await closed;
    await Promise.all(this.handling);
  }

  /** Never rejects: a failure becomes an answer, or the end of the connection. */
  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.counts.requests++;
    const gone = new AbortController();
    response.once("close", () => gone.abort(new DOMException("the reader has left", "AbortError")));
    try {
      // No request needs a body. Without this, one would be read to its end before the next request.
      request.resume();
      if (this.handling.size >= this.settings.requests) throw BUSY;
      await this.route(request, response, AbortSignal.any([gone.signal, this.closing.signal]));
    } catch (error) {
      this.counts.refused++;
      const refusal = toRefusal(error);
      if (refusal.code === 500 && !gone.signal.aborted)
        this.components.log.warn({ err: error }, "a peer's request failed");
      if (response.headersSent || gone.signal.aborted) response.destroy();
      else answer(response, refusal.code, { code: refusal.code, msg: refusal.message, data: null });
    }
  }

  private async route(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> {
    if (request.method !== "GET" && request.method !== "HEAD") throw new Refusal(405, "method not allowed");
    const url = URL.canParse(request.url ?? "", "http://peer") ? new URL(request.url ?? "", "http://peer") : undefined;
    const [, room, verb, name = "", ...rest] = (url?.pathname ?? "").split("/");
    if (room === "file" && rest.length === 0) {
      if (verb === "download" || verb === "open") return this.file(request, response, verb, name, signal);
      if (verb === "metadata") return this.metadata(response, name);
    }
    if (url && room === "fragment" && verb === "download" && name === "")
      return this.fragment(request, response, url.searchParams, signal);
    throw new Refusal(404, NOT_FOUND);
  }

  private async file(
    request: IncomingMessage,
    response: ServerResponse,
    verb: "download" | "open",
    name: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { fid, contentType } = readFid(name);
    const file = await this.find(fid);
    requireCipher(file, request.headers["cipher"]);
    const range = readRange(request.headers, file.size);
    const { start, end } = range ?? { start: 0, end: file.size };
    const headers = {
      "content-type": verb === "download" ? "application/octet-stream" : contentType,
      "content-length": end - start,
      "accept-ranges": "bytes",
      "access-control-allow-origin": "*",
      "cache-control": CACHING,
      "x-content-type-options": "nosniff",
      ...(verb === "open" && { "content-disposition": `inline; filename=${fid}` }),
      ...(range && { "content-range": `bytes ${start}-${end - 1}/${file.size}` }),
    };
    const status = range ? 206 : 200;
    if (request.method === "HEAD") {
      response.writeHead(status, headers).end();
      return;
    }
    const bytes = await this.components.files.open(file, { start, end }, readReach(request.headers), signal);
    response.writeHead(status, headers);
    await pipeline(bytes, response);
    this.counts.bytes += end - start;
  }

  /** As CESS tools expect: always HTTP 200, with the outcome in the envelope. */
  private async metadata(response: ServerResponse, name: string): Promise<void> {
    try {
      const { fid } = readFid(name);
      const data = await this.components.metadata.of(await this.find(fid));
      answer(response, 200, { code: 200, msg: "ok", data });
    } catch (error) {
      const { code, message } = toRefusal(error);
      answer(response, 200, { code, msg: message, data: null });
    }
  }

  private async fragment(
    request: IncomingMessage,
    response: ServerResponse,
    query: URLSearchParams,
    signal: AbortSignal,
  ): Promise<void> {
    const { fid } = readFid(query.get("fid") ?? "");
    const hash = query.get("fragment") ?? "";
    if (!isHash(hash)) throw new Refusal(400, "invalid fragment");
    const bytes = await this.components.files.fragment(await this.find(fid), hash, signal);
    if (!bytes) throw new Refusal(404, NOT_FOUND);
    response.writeHead(200, {
      "content-type": "application/octet-stream",
      "content-length": bytes.length,
      "cache-control": CACHING,
    });
    if (request.method === "HEAD") response.end();
    else await pipeline(Readable.from(pieces(bytes)), response);
    this.counts.bytes += bytes.length;
  }

  private async find(fid: Parameters<SharedFiles["find"]>[0]): Promise<FileRow> {
    const file = await this.components.files.find(fid);
    if (!file) throw new Refusal(404, NOT_FOUND);
    return file;
  }
}

/**
 * A file that its owner encrypted in DeOSS's way is decrypted only for clients that send the cipher, as CESS tools do.
 * Files under S3's server-side encryption are never served here: their readers must sign S3 requests.
 */
function requireCipher(
  { format }: Awaited<ReturnType<Catalog["files"]["withFid"]>>[number],
  cipher: string | string[] | undefined,
): void {
  if (format.name !== "plain" && !(format.name === "cess-cbc" && format.cipher === cipher))
    throw new Refusal(403, "no permission");
}

function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 256 * KIB) yield bytes.subarray(at, at + 256 * KIB);
}

function answer(response: ServerResponse, status: number, envelope: Envelope): void {
  const body = Buffer.from(JSON.stringify(envelope));
  response
    .writeHead(status, {
      "content-type": "application/json; charset=utf-8",
      "content-length": body.length,
      "access-control-allow-origin": "*",
    })
    .end(body);
}

function toRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (isProblem(error, "fileUnverifiable")) return new Refusal(404, error.message);
  if (isProblem(error, "objectUnavailable")) return new Refusal(504, error.message);
  if (isProblem(error, "overloaded", "catalogBusy", "dependencyUnavailable")) return BUSY;
  if (error instanceof Error && error.name === "ChainUnavailable")
    return new Refusal(503, "the chain cannot be asked, please try again later");
  return new Refusal(500, "system error");
}
