import { z } from "zod";
import type { Account } from "../model/account.js";
import type { ByteRange } from "../model/byte-range.js";
import type { Fid } from "../model/hash.js";
import type { Part, Upload } from "../model/object.js";
import type { BucketCall, Gateway, UploadCall } from "../gateway/gateway.js";
import { Refusal } from "../peers/refusal.js";
import type { AccessTokens } from "./access-tokens.js";
import { type AccountFiles, bodyOf } from "./account-files.js";
import type { ChunkOrder } from "./chunk-order.js";

export interface BatchUploadsComponents {
  readonly files: AccountFiles;
  readonly tokens: AccessTokens;
  readonly order: ChunkOrder;
  readonly gateway: Pick<Gateway, "uploads">;
  readonly catalog: {
    /** In any state. */
    upload(bucket: string, key: string, id: string): Promise<Upload | undefined>;
    parts(id: string): Promise<readonly Part[]>;
    /** The ETag of a completed one. */
    result(id: string): Promise<{ readonly etag: string } | undefined>;
  };
}

/** What became of a chunk: bytes that are there, and once all are, the FID. */
export interface ChunkTaken {
  readonly end: number;
  readonly fid: Fid | undefined;
}

/** As long as CD2N keeps an upload, and no longer than the bucket's rule does. */
const BATCH_SECONDS = 24 * 3600;
/** Open uploads of one name that are looked at. */
const OPEN_UPLOADS = 100;
const PURPOSE = "batch upload";

/** What the `hash` says: it is all that is kept of an upload beside the catalog. */
const session = z.object({ upload: z.string(), key: z.string(), size: z.number(), account: z.string() });

/**
 * Uploads in chunks, by CD2N's batch API: a multipart upload whose parts are the chunks. It goes on after a restart, and a
 * chunk that came already may come again.
 */
export class BatchUploads {
  constructor(private readonly components: BatchUploadsComponents) {}

  /** Returns the `hash` that the chunks name. */
  async begin(account: Account, key: string, size: number, signal: AbortSignal): Promise<string> {
    const { files, tokens } = this.components;
    files.requireSize(size);
    const { upload } = await files.begin(account, key, signal);
    return tokens.issue(PURPOSE, { upload: upload?.id, key, size, account: account.id }, BATCH_SECONDS);
  }

  /**
   * Takes bytes `range` of the file. Waits for the chunks before it. Rejects with Refusal for a hash that is not of this
   * account, or over, and for a range that does not fit to what is there.
   */
  async take(
    account: Account,
    hash: string,
    range: string | undefined,
    content: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<ChunkTaken> {
    const { tokens, files } = this.components;
    const found = session.safeParse(await tokens.read(PURPOSE, hash));
    if (!found.success)
      throw new Refusal(404, "there is no such batch upload, or it is over a day old: request another");
    const { upload: id, key, size, account: owner } = found.data;
    if (owner !== account.id) throw new Refusal(403, "unauthorized access");
    const { start, end } = chunkRange(range, size);
    const done = await this.finished(id, size);
    if (done) return done;
    const bucketCall = await files.bucketCall(account, signal);
    return this.chunk({ ...bucketCall, upload: undefined }, { id, key, size }, { start, end }, content);
  }

  /**
   * Takes bytes `range` of a file of `size` bytes by DeOSS's resumable upload, which is known by its name alone: the first
   * chunk begins it anew. Rejects as `take` does.
   */
  async resume(
    account: Account,
    key: string,
    size: number,
    range: ByteRange,
    content: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<ChunkTaken> {
    const { files } = this.components;
    files.requireSize(size);
    const call = await files.bucketCall(account, signal);
    const open = await this.openUploads(call, key);
    if (range.start === 0) for (const upload of open) await this.components.gateway.uploads.abort({ ...call, upload });
    const upload = range.start === 0 ? (await files.begin(account, key, signal)).upload : open.at(-1);
    if (!upload) throw new Refusal(409, `no upload of ${key} is open: begin it with byte 0`);
    return this.chunk({ ...call, upload: undefined }, { id: upload.id, key, size }, range, content);
  }

  /** The oldest first. */
  private async openUploads(call: UploadCall | BucketCall, key: string): Promise<Upload[]> {
    const request = { prefix: key, delimiter: "", keyMarker: "", uploadIdMarker: "", limit: OPEN_UPLOADS };
    const { uploads } = await this.components.gateway.uploads.list(call, request);
    return uploads.filter((upload) => upload.key === key);
  }

  private async finished(id: string, size: number): Promise<ChunkTaken | undefined> {
    const result = await this.components.catalog.result(id);
    return result && { end: size, fid: result.etag as Fid };
  }

  /** Waits for the chunks before this one, stores it, and completes the file that has all. */
  private async chunk(
    call: UploadCall,
    { id, key, size }: { readonly id: string; readonly key: string; readonly size: number },
    range: ByteRange,
    content: AsyncIterable<Uint8Array>,
  ): Promise<ChunkTaken> {
    const { order, catalog } = this.components;
    const uploaded = async () => bytesOf(await catalog.parts(id));
    const leave = await order.enter(id, range.start, uploaded, call.client.signal);
    try {
      const upload = await catalog.upload(call.bucket.name, key, id);
      const done = upload?.state === "completed" ? await this.finished(id, size) : undefined;
      return done ?? (await this.store({ ...call, upload }, range, size, content));
    } finally {
      leave();
    }
  }

  private async store(
    call: UploadCall,
    { start, end }: ByteRange,
    size: number,
    content: AsyncIterable<Uint8Array>,
  ): Promise<ChunkTaken> {
    const { catalog, gateway, files } = this.components;
    const id = call.upload?.id ?? "";
    const number = partNumber(await catalog.parts(id), start, end);
    await gateway.uploads.putPart(call, number, bodyOf(content, end - start));
    const parts = await catalog.parts(id);
    const there = bytesOf(parts);
    return { end: there, fid: there === size ? await files.complete(call, parts) : undefined };
  }
}

/** `bytes START-END/SIZE`, with the byte at END: a Content-Range as HTTP has it. Refusal 400. */
export function contentRange(text: string | undefined): { readonly range: ByteRange; readonly size: number } {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/i.exec(text?.trim() ?? "");
  if (!match) throw new Refusal(400, "Illegal Content-Range content: it must be bytes START-END/SIZE");
  const [start, last, size] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (last < start || last >= size) throw new Refusal(400, "Illegal Content-Range content: it is not within the file");
  return { range: { start, end: last + 1 }, size };
}

/** `bytes=start-end` without the byte at `end`; no end, or 0, is the file's. Refusal 400. */
export function chunkRange(text: string | undefined, size: number): ByteRange {
  const match = /^bytes=(\d{1,15})-(\d{0,15})$/i.exec(text?.trim() ?? "");
  if (!match)
    throw new Refusal(400, "batch upload error: the header Range must be bytes=START-END, without the byte at END");
  const [start, last] = [Number(match[1]), Number(match[2])];
  const end = last === 0 ? size : last;
  if (start >= end || end > size) throw new Refusal(400, "batch upload error: bad data range");
  return { start, end };
}

function bytesOf(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + part.size, 0);
}

/** Of the next part, or of the one that has these bytes. Refusal 409. */
function partNumber(parts: readonly Part[], start: number, end: number): number {
  let at = 0;
  for (const { partNumber: number, size } of parts) {
    if (at === start && size === end - start) return number;
    at += size;
  }
  if (at === start) return (parts.at(-1)?.partNumber ?? 0) + 1;
  throw new Refusal(
    409,
    `batch upload error: ${at} bytes are there, and this chunk overlaps them: go on from byte ${at}`,
  );
}
