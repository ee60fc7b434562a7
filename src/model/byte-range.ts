/** Bytes `start` to `end` of something, `end` excluded. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export function rangeLength(range: ByteRange): number {
  return range.end - range.start;
}

/** A Range header as asked, before the size is known: `bytes=a-b`, `bytes=a-` or `bytes=-n`. */
export type RangeRequest = { readonly first: number; readonly last?: number } | { readonly suffix: number };

/**
 * The bytes that a request means in an object of `size` bytes; undefined when none of them exist (416 InvalidRange).
 */
export function resolveRange(request: RangeRequest, size: number): ByteRange | undefined {
  if ("suffix" in request) {
    if (request.suffix === 0 || size === 0) return undefined;
    return { start: Math.max(0, size - request.suffix), end: size };
  }
  if (request.first >= size) return undefined;
  return { start: request.first, end: Math.min(size, (request.last ?? size - 1) + 1) };
}
