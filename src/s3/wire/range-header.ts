import type { RangeRequest } from "../../model/byte-range.js";

const LARGEST = Number.MAX_SAFE_INTEGER - 1;

/** S3 serves one range: a header that is malformed or has several ranges is ignored (undefined). */
export function parseRange(header: string | undefined): RangeRequest | undefined {
  const match = header === undefined ? null : /^bytes[ \t]*=[ \t]*(\d*)[ \t]*-[ \t]*(\d*)[ \t]*$/i.exec(header);
  if (!match) return undefined;
  const [, first = "", last = ""] = match;
  const number = (digits: string) => Math.min(Number(digits), LARGEST);
  if (first === "") return last === "" ? undefined : { suffix: number(last) };
  if (last === "") return { first: number(first) };
  return number(last) < number(first) ? undefined : { first: number(first), last: number(last) };
}

/** `x-amz-copy-source-range` must be `bytes=a-b`; undefined for anything else, which the caller refuses. */
export function parseCopyRange(header: string): { readonly first: number; readonly last: number } | undefined {
  const match = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(header);
  if (!match || Number(match[2]) < Number(match[1])) return undefined;
  return { first: Number(match[1]), last: Number(match[2]) };
}
