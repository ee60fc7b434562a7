import type { IncomingHttpHeaders } from "node:http";
import { type ByteRange, type RangeRequest, resolveRange } from "../model/byte-range.js";
import { contentTypeOf } from "../model/content-type.js";
import { type Fid, isHash } from "../model/hash.js";
import type { Reach } from "../retrieval/retrieval.js";
import { Refusal } from "./refusal.js";

const FID_LENGTH = 64;
const UNKNOWN_TYPE = "application/octet-stream";
/** Types that run nothing in the origin that they come from, as long as browsers do not guess. */
const INERT = /^(?:image\/(?!svg)|audio\/|video\/|text\/(?:plain|csv)$)/;

/** By a file's extension. */
export function servedTypeOf(extension: string): string {
  return contentTypeOf(extension) ?? UNKNOWN_TYPE;
}

/** The same, for an origin that others' files must not run in. */
export function inertTypeOf(extension: string): string {
  const type = servedTypeOf(extension);
  return INERT.test(type) ? type : UNKNOWN_TYPE;
}

/** The FID in the last part of the path. `open` allows an extension after it, with or without a dot. */
export function readFid(text: string): { readonly fid: Fid; readonly extension: string } {
  const fid = text.slice(0, FID_LENGTH);
  if (!isHash(fid)) throw new Refusal(400, "invalid fid");
  return { fid: fid as Fid, extension: text.slice(FID_LENGTH).replace(/^\./, "").toLowerCase() };
}

/**
 * The requested bytes; undefined for all. CESS tools use `Content-Range: bytes=a-b`, other clients `Range`. A malformed
 * range, or one outside the file, is refused with 416.
 */
export function readRange(headers: IncomingHttpHeaders, size: number): ByteRange | undefined {
  const text = headers.range ?? headers["content-range"];
  if (text === undefined) return undefined;
  const request = parse(text.trim());
  if (!request) throw new Refusal(416, "invalid range value");
  const range = resolveRange(request, size);
  if (!range) throw new Refusal(416, "invalid range start");
  return range;
}

function parse(text: string): RangeRequest | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(text);
  if (!match) return undefined;
  const [, first = "", last = ""] = match;
  if (first === "") return last === "" ? undefined : { suffix: Number(last) };
  if (last === "") return { first: Number(first) };
  return Number(last) < Number(first) ? undefined : { first: Number(first), last: Number(last) };
}

/**
 * The requested bytes as CD2N counts them: `bytes=start-end` without the byte at `end`; undefined for all. No end, or one
 * beyond the file, is the file's. Refused with 416 as `readRange` does.
 */
export function readExclusiveRange(headers: IncomingHttpHeaders, size: number): ByteRange | undefined {
  if (headers.range === undefined) return undefined;
  const match = /^bytes=(\d{1,15})-(\d{0,15})$/i.exec(headers.range.trim());
  if (!match) throw new Refusal(416, "invalid range value");
  const [start, last] = [Number(match[1]), Number(match[2])];
  const end = last === 0 ? size : Math.min(last, size);
  if (start >= end) throw new Refusal(416, "invalid range start");
  return { start, end };
}

/** The name to save a file under: without folders, control characters and what is longer than a file's name may be. */
export function fileName(text: string): string {
  const name =
    text
      .replace(/[\p{C}]/gu, "")
      .split(/[\\/]/)
      .at(-1) ?? "";
  return Array.from(name.trim()).slice(0, 120).join("").replace(/^\.+/, "");
}

/** In lower case, without its dot; empty where the name has none. */
export function extensionOf(name: string): string {
  return /\.([a-z0-9]{1,12})$/i.exec(name)?.[1]?.toLowerCase() ?? "";
}

/** RFC 6266, with the name in RFC 8187's encoding beside one in ASCII. */
export function disposition(kind: "attachment" | "inline", name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, "_");
  const encoded = encodeURIComponent(Buffer.from(name).toString()).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return plain === name ? `${kind}; filename="${plain}"` : `${kind}; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

/** RFC 9111 section 5.2.1.7: with `only-if-cached` the answer comes from the cache, or is 504. */
export function readReach(headers: IncomingHttpHeaders): Reach {
  return /(?:^|[\s,])only-if-cached(?:$|[\s,])/i.test(headers["cache-control"] ?? "") ? "cache" : "nodes";
}
