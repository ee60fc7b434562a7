import type { IncomingHttpHeaders } from "node:http";
import { type ByteRange, type RangeRequest, resolveRange } from "../model/byte-range.js";
import { contentTypeOf } from "../model/content-type.js";
import { type Fid, isHash } from "../model/hash.js";
import type { Reach } from "../retrieval/retrieval.js";
import { Refusal } from "./refusal.js";

const FID_LENGTH = 64;
const UNKNOWN_TYPE = "application/octet-stream";

/** The FID in the last part of the path. `open` allows an extension after it, with or without a dot. */
export function readFid(text: string): { readonly fid: Fid; readonly contentType: string } {
  const fid = text.slice(0, FID_LENGTH);
  if (!isHash(fid)) throw new Refusal(400, "invalid fid");
  return { fid: fid as Fid, contentType: contentTypeOf(text.slice(FID_LENGTH)) ?? UNKNOWN_TYPE };
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

/** RFC 9111 section 5.2.1.7: with `only-if-cached` the answer comes from the cache, or is 504. */
export function readReach(headers: IncomingHttpHeaders): Reach {
  return /(?:^|[\s,])only-if-cached(?:$|[\s,])/i.test(headers["cache-control"] ?? "") ? "cache" : "nodes";
}
