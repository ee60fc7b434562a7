import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { ZERO_FRAGMENT_HASH } from "../model/hash.js";
import { FRAGMENT_SIZE, KIB } from "../model/sizes.js";
import type { NodeChain } from "../network/chain/node-chain.js";
import type { Custody } from "./custody.js";
import type { FaultyLink } from "./faults.js";
import { FragmentMismatch, type FragmentStore } from "./fragment-store.js";
import type { Logger } from "./logger.js";
import { Refusal, readFragmentName, readRange, verifySender } from "./miner-request.js";
import { FormError, formFile } from "./multipart.js";
import type { Reporter } from "./reporter.js";
import type { Sweeper } from "./sweeper.js";

export interface MinerServerComponents {
  readonly chain: NodeChain;
  readonly store: FragmentStore;
  readonly custody: Custody;
  readonly reporter: Reporter;
  readonly sweeper: Sweeper;
  readonly link: FaultyLink;
  readonly logger: Logger;
  /** The `data` of GET /status. */
  status(): Promise<object>;
}

export interface MinerServerSettings {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Uploads at a time; one more is answered 503. Each takes about half a MiB of memory. */
  readonly uploads: number;
  readonly downloads: number;
  readonly connections: number;
  /** Time for a whole request to arrive. */
  readonly requestTimeoutMs: number;
  /** Longest silence on a connection. */
  readonly idleTimeoutMs: number;
}

export const minerServerDefaults: Omit<MinerServerSettings, "host" | "port"> = {
  uploads: 16,
  downloads: 64,
  connections: 256,
  requestTimeoutMs: 300_000,
  idleTimeoutMs: 60_000,
};

/** A fragment's form: 8 MiB and this much for boundaries and part headers. */
const FORM_LIMIT = FRAGMENT_SIZE + 64 * KIB;

/** The miner HTTP: PUT and GET /fragment, GET /status. */
export class MinerServer {
  private readonly server: Server;
  private readonly closing = new AbortController();
  private readonly handling = new Set<Promise<void>>();
  private uploads = 0;
  private downloads = 0;

  constructor(
    private readonly components: MinerServerComponents,
    private readonly settings: MinerServerSettings,
  ) {
    this.server = createServer({ requestTimeout: settings.requestTimeoutMs, maxHeaderSize: 16 * KIB });
    this.server.maxConnections = settings.connections;
    this.server.timeout = settings.idleTimeoutMs;
    this.server.on("connection", (socket) => {
      if (components.link.fault === "down") socket.destroy();
    });
    this.server.on("request", (request, response) => {
      const work = this.handle(request, response).finally(() => this.handling.delete(work));
      this.handling.add(work);
    });
  }

  /** Begins to listen; resolves with the port. */
  async listen(): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.server.once("error", reject).listen(this.settings.port, this.settings.host, () => {
        this.server.off("error", reject);
        resolve();
      });
    });
    return (this.server.address() as AddressInfo).port;
  }

  /** Destroys all present connections; the server goes on listening. */
  disconnect(): void {
    this.server.closeAllConnections();
  }

  /** Ends connections and waits until writing has ended. */
  async close(): Promise<void> {
    this.closing.abort(new Error("the storage node is closing"));
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    await closed;
    await Promise.all(this.handling);
  }

  /** Never rejects: failures become an answer, or the end of the connection. */
  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.route(request, response);
    } catch (error) {
      if (response.headersSent || request.socket.destroyed) {
        response.destroy();
        return;
      }
      const refusal = toRefusal(error);
      if (refusal.code >= 500) this.components.logger.warn({ error }, "a request failed");
      drain(request);
      answer(response, refusal.code, refusal.message);
    }
  }

  private async route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.split("?", 1)[0];
    if (path === "/status" && request.method === "GET") {
      answer(response, 200, "ok", await this.components.status());
    } else if (path !== "/fragment") {
      throw new Refusal(404, "no such resource");
    } else if (request.method === "PUT") {
      if (this.uploads >= this.settings.uploads) throw new Refusal(503, "too many uploads");
      this.uploads++;
      await this.put(request).finally(() => this.uploads--);
      drain(request);
      answer(response, 200, "ok");
    } else if (request.method === "GET") {
      if (this.downloads >= this.settings.downloads) throw new Refusal(503, "too many downloads");
      this.downloads++;
      await this.get(request, response).finally(() => this.downloads--);
    } else {
      throw new Refusal(405, "method not allowed");
    }
  }

  /**
   * In the real nodes' order: the signature, whether the fragment is held already, then the form. The deal is checked
   * before the 8 MiB are read.
   */
  private async put(request: IncomingMessage): Promise<void> {
    const { chain, store, custody, reporter, sweeper, link } = this.components;
    verifySender(chain, request.headers);
    const { fid, hash } = readFragmentName(request.headers);
    const held = await store.exclusive(fid, async () => {
      sweeper.spare(fid);
      return store.has(fid, hash);
    });
    if (!held) {
      if (!(await custody.accepts(fid, hash))) throw new Refusal(400, "the fragment is in no deal of this fid");
      if (hash === ZERO_FRAGMENT_HASH) await store.putZeros(fid);
      else {
        if (Number(request.headers["content-length"] ?? 0) > FORM_LIMIT) throw new FormError("more than a fragment");
        // The request is not destroyed when the form is refused half-way, so that it can still be answered.
        const body = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
        const content = formFile(request.headers["content-type"], body);
        await store.put(fid, hash, link.receive(content, this.closing.signal));
      }
    }
    reporter.look(fid);
  }

  private async get(request: IncomingMessage, response: ServerResponse): Promise<void> {
    verifySender(this.components.chain, request.headers);
    const { fid, hash } = readFragmentName(request.headers);
    const range = readRange(request.headers.range);
    const file = await this.components.store.read(fid, hash);
    if (!file) throw new Refusal(404, "no such fragment");
    const { start, end } = range ?? { start: 0, end: FRAGMENT_SIZE };
    const bytes = file.createReadStream({ start, end: end - 1, highWaterMark: 256 * KIB });
    response.writeHead(range ? 206 : 200, {
      "content-type": "application/octet-stream",
      "content-length": end - start,
      ...(range && { "content-range": `bytes ${start}-${end - 1}/${FRAGMENT_SIZE}` }),
    });
    await pipeline(
      bytes,
      (source) => this.components.link.serve(source as AsyncIterable<Uint8Array>, this.closing.signal),
      response,
    );
  }
}

function answer(response: ServerResponse, code: number, msg: string, data: object | null = null): void {
  const body = Buffer.from(JSON.stringify({ code, msg, data }));
  response
    .writeHead(code, { "content-type": "application/json; charset=utf-8", "content-length": body.length })
    .end(body);
}

/**
 * Reads what the client still sends, since it might not see the answer otherwise; a client that sends without end is
 * cut off.
 */
function drain(request: IncomingMessage): void {
  let drained = 0;
  request.on("error", () => undefined);
  request.on("data", (chunk: Buffer) => {
    drained += chunk.length;
    if (drained > FORM_LIMIT) request.destroy();
  });
  request.resume();
}

function toRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof FragmentMismatch || error instanceof FormError) return new Refusal(400, error.message);
  // As the real nodes say it.
  if (error instanceof Error && error.name === "ChainUnavailable") return new Refusal(403, "the chain cannot be asked");
  if (error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT")) {
    return new Refusal(507, "no space left");
  }
  return new Refusal(500, "internal error");
}
