import type { IncomingMessage, ServerResponse } from "node:http";
import type { FileRow } from "../catalog/catalog.js";
import { isHash } from "../model/hash.js";
import { sendEnvelope } from "./envelope.js";
import { pieces, sendFile } from "./file-answer.js";
import type { FileMetadata } from "./file-metadata.js";
import { servedTypeOf, readFid, readRange, readReach } from "./file-request.js";
import { HttpListener, type HttpListenerComponents, type HttpListenerSettings } from "./http-listener.js";
import { NOT_FOUND, Refusal, toRefusal } from "./refusal.js";
import { requireCipher, type SharedFiles } from "./shared-files.js";

export interface PeerServerComponents extends Omit<HttpListenerComponents, "handle"> {
  readonly files: SharedFiles;
  readonly metadata: FileMetadata;
}

export interface PeerCounts {
  requests: number;
  refused: number;
  bytes: number;
}

/** The content of a FID never changes. */
const CACHING = "public, max-age=2592000, no-transform, immutable";

/**
 * The download paths of the CESS gateway protocol: other gateways and CESS tools read what this gateway has. They need
 * no signature, since a FID's bytes are public in the network. Nothing can be written.
 */
export class PeerServer {
  private bytes = 0;
  private readonly listener: HttpListener;

  constructor(
    private readonly components: PeerServerComponents,
    settings: Partial<HttpListenerSettings> = {},
  ) {
    this.listener = new HttpListener(
      { ...components, handle: (request, response, signal) => this.route(request, response, signal) },
      settings,
    );
  }

  get counts(): PeerCounts {
    return { ...this.listener.counts, bytes: this.bytes };
  }

  listen(host: string, port: number): Promise<{ readonly port: number }> {
    return this.listener.listen(host, port);
  }

  close(): Promise<void> {
    return this.listener.close();
  }

  private async route(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> {
    // No request needs a body.
    request.resume();
    if (request.method !== "GET" && request.method !== "HEAD") throw new Refusal(405, "method not allowed");
    const url = URL.canParse(request.url ?? "", "http://peer") ? new URL(request.url ?? "", "http://peer") : undefined;
    const [, room, verb, name = "", ...rest] = (url?.pathname ?? "").split("/");
    if (room === "file" && rest.length === 0) {
      if (verb === "download" || verb === "open") return this.file(request, response, verb, name, signal);
      if (verb === "metadata") return this.metadata(response, name);
    }
    if (url && room === "fragment" && verb === "download" && name === "")
      return this.fragment(request, response, url.searchParams, signal);
    throw NOT_FOUND;
  }

  private async file(
    request: IncomingMessage,
    response: ServerResponse,
    verb: "download" | "open",
    name: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { fid, extension } = readFid(name);
    const file = await this.find(fid);
    requireCipher(file, request.headers["cipher"]);
    const { size } = file;
    const range = readRange(request.headers, size);
    const sent = await sendFile(request, response, {
      size,
      range,
      headers: {
        "content-type": servedTypeOf(verb === "download" ? "" : extension),
        "accept-ranges": "bytes",
        "access-control-allow-origin": "*",
        "cache-control": CACHING,
        "x-content-type-options": "nosniff",
        ...(verb === "open" && { "content-disposition": `inline; filename=${fid}` }),
        ...(range && { "content-range": `bytes ${range.start}-${range.end - 1}/${size}` }),
      },
      open: (wanted) => this.components.files.open(file, wanted, readReach(request.headers), signal),
    });
    this.bytes += sent;
  }

  /** As CESS tools expect: always HTTP 200, with the outcome in the envelope. */
  private async metadata(response: ServerResponse, name: string): Promise<void> {
    try {
      const { fid } = readFid(name);
      const data = await this.components.metadata.of(await this.find(fid));
      sendEnvelope(response, 200, { code: 200, msg: "ok", data });
    } catch (error) {
      const { code, message } = toRefusal(error);
      sendEnvelope(response, 200, { code, msg: message, data: null });
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
    if (!bytes) throw NOT_FOUND;
    const headers = { "content-type": servedTypeOf(""), "cache-control": CACHING };
    const open = () => Promise.resolve(pieces(bytes));
    const sent = await sendFile(request, response, { size: bytes.length, range: undefined, headers, open });
    this.bytes += sent;
  }

  private async find(fid: Parameters<SharedFiles["find"]>[0]): Promise<FileRow> {
    const file = await this.components.files.find(fid);
    if (!file) throw NOT_FOUND;
    return file;
  }
}
