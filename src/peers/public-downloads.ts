import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { z } from "zod";
import type { ByteRange } from "../model/byte-range.js";
import { type Fid, isHash } from "../model/hash.js";
import { KIB, SEGMENT_SIZE } from "../model/sizes.js";
import { sendEnvelope } from "./envelope.js";
import { pieces, sendFile } from "./file-answer.js";
import {
  servedTypeOf,
  disposition,
  extensionOf,
  fileName,
  inertTypeOf,
  readExclusiveRange,
  readFid,
  readRange,
  readReach,
} from "./file-request.js";
import type { PublicFiles } from "./public-files.js";
import type { OfferedFile, StoredFile } from "./stored-file.js";
import { readJson } from "./request-body.js";
import { NOT_FOUND, Refusal, toRefusal } from "./refusal.js";
import type { StrangerLimits } from "./stranger-limits.js";

/** A request with what was read of it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly signal: AbortSignal;
}

export interface PublicDownloadsComponents {
  readonly files: PublicFiles;
  readonly limits: StrangerLimits;
  readonly clientOf: (request: IncomingMessage) => string;
  /**
   * The file by this FID of whoever the request proves to come from, by a token; undefined when it proves nothing, and
   * when they have none. Rejects with Refusal for a token that is not valid.
   */
  readonly holdersFile?:
    ((request: IncomingMessage, fid: Fid, signal: AbortSignal) => Promise<OfferedFile | undefined>) | undefined;
}

/** What is for everyone may cease to be that. */
const CACHING = "public, max-age=3600, no-transform";
const PRIVATE = "private, no-store";
/** Nothing of a file runs in this origin, whatever a browser takes it for. */
const SANDBOX = "sandbox; default-src 'none'";
const REQUEST_LIMIT = 16 * KIB;

/** CD2N's request for one fragment. It has more members, which are for accounts of traffic. */
const cacheRequest = z.object({ did: z.string(), extdata: z.string().optional() });

/** How the end of a Range is counted: as in HTTP, or as CD2N does, without the last byte. */
type Counting = "inclusive" | "exclusive";

/** Answers with files by FID, for everyone. */
export class PublicDownloads {
  constructor(
    private readonly components: PublicDownloadsComponents,
    private readonly settings: { readonly web: boolean },
  ) {}

  /** `name`: a FID, with an extension or without. */
  async file(exchange: Exchange, name: string, counting: Counting = "inclusive"): Promise<void> {
    const { request, url, signal } = exchange;
    const { fid, extension } = readFid(name);
    const holders = await this.components.holdersFile?.(request, fid, signal);
    const file = holders ?? (await this.find(exchange, fid));
    const { size } = file;
    const etag = `"${fid}"`;
    const read = counting === "inclusive" ? readRange : readExclusiveRange;
    const stale = request.headers["if-range"] !== undefined && request.headers["if-range"] !== etag;
    const range = stale ? undefined : read(request.headers, size);
    const asked = fileName(url.searchParams.get("name") ?? "");
    const named = asked === "" ? (extension === "" ? fileName(file.name ?? "") : `${fid}.${extension}`) : asked;
    const headers = {
      ...this.presentation(named === "" ? fid : named),
      etag,
      "accept-ranges": "bytes",
      "cache-control": holders ? PRIVATE : CACHING,
      ...(range && { "content-range": contentRange(range, size, counting) }),
    };
    if (request.headers["if-none-match"] === etag) {
      exchange.response.writeHead(304, headers).end();
      return;
    }
    const open = (wanted: ByteRange) => file.open(wanted, readReach(request.headers), signal);
    if (holders) await sendFile(request, exchange.response, { size, range, headers, open });
    else await this.send(exchange, { size, range, headers, open });
  }

  /** One stored segment by its hash, with the zeros that fill it. */
  async segment(exchange: Exchange, name: string, hash: string): Promise<void> {
    const { request, signal } = exchange;
    const { fid } = readFid(name);
    if (!isHash(hash)) throw new Refusal(400, "invalid segment");
    const file = await this.find(exchange, fid);
    const index = file.segments.findIndex((segment) => segment.hash === hash);
    if (index < 0) throw NOT_FOUND;
    const size = SEGMENT_SIZE;
    const range = readExclusiveRange(request.headers, size);
    const headers = {
      ...this.presentation(hash),
      "cache-control": CACHING,
      ...(range && { "content-range": contentRange(range, size, "exclusive") }),
    };
    const open = (wanted: ByteRange) => file.openSegment(index, wanted, readReach(request.headers), signal);
    await this.send(exchange, { size, range, headers, open });
  }

  /** As CESS tools expect: always HTTP 200, with the outcome in the envelope. */
  async metadata(exchange: Exchange, name: string): Promise<void> {
    const { response, request, signal } = exchange;
    try {
      const { fid } = readFid(name);
      const file = (await this.components.holdersFile?.(request, fid, signal)) ?? (await this.find(exchange, fid));
      sendEnvelope(response, 200, { code: 200, msg: "ok", data: await file.metadata() });
    } catch (error) {
      const { code, message } = toRefusal(error);
      sendEnvelope(response, 200, { code, msg: message, data: null });
    }
  }

  /** Whether a fragment, a segment or a file is staged or cached here, and for everyone. */
  async isNear(hash: string, signal: AbortSignal): Promise<boolean> {
    if (!isHash(hash)) throw new Refusal(400, "invalid data id");
    const file = await this.components.files.having(hash, signal);
    return file?.isNear(hash) === true;
  }

  /** A fragment, for other gateways of CD2N's kind. */
  async cacheFetch(exchange: Exchange): Promise<void> {
    const { request, response, signal } = exchange;
    const { did, extdata } = await readJson(request, cacheRequest, REQUEST_LIMIT);
    if (!isHash(did)) throw new Refusal(400, "invalid data id");
    const file =
      extdata === undefined || extdata === ""
        ? await this.components.files.having(did, signal)
        : await this.find(exchange, readFid(extdata).fid);
    if (!file?.segments.some(({ fragments }) => fragments.includes(did))) throw NOT_FOUND;
    const download = this.components.limits.download(this.components.clientOf(request));
    try {
      const bytes = await file.fragment(did, signal);
      if (!bytes) throw NOT_FOUND;
      const headers = { "content-type": servedTypeOf(""), "x-content-type-options": "nosniff" };
      const open = () => Promise.resolve(download.metered(pieces(bytes)));
      await sendFile(request, response, { size: bytes.length, range: undefined, headers, open });
    } finally {
      download.end();
    }
  }

  private async find({ request, signal }: Exchange, fid: Fid): Promise<StoredFile> {
    const { cipher } = request.headers;
    const file = await this.components.files.find(fid, typeof cipher === "string" ? cipher : undefined, signal);
    if (!file) throw NOT_FOUND;
    return file;
  }

  private async send({ request, response }: Exchange, answer: Parameters<typeof sendFile>[2]): Promise<void> {
    if (request.method === "HEAD") {
      await sendFile(request, response, answer);
      return;
    }
    const download = this.components.limits.download(this.components.clientOf(request));
    try {
      const open = async (range: ByteRange) => download.metered(await answer.open(range));
      await sendFile(request, response, { ...answer, open });
    } finally {
      download.end();
    }
  }

  private presentation(name: string): OutgoingHttpHeaders {
    const { web } = this.settings;
    const extension = extensionOf(name);
    return {
      "content-type": web ? servedTypeOf(extension) : inertTypeOf(extension),
      "content-disposition": disposition(web ? "inline" : "attachment", name),
      "x-content-type-options": "nosniff",
      "access-control-allow-origin": "*",
      ...(!web && { "content-security-policy": SANDBOX }),
    };
  }
}

function contentRange({ start, end }: ByteRange, size: number, counting: Counting): string {
  return `bytes ${start}-${counting === "inclusive" ? end - 1 : end}/${size}`;
}
