import type { ListedPrefix } from "./catalog.js";
import { beyondPrefix, compareKeyText, fromKeyText, justAfter, toKeyText } from "./key-text.js";

/** Where a scan begins: at the first row whose key text is `from` or greater, or right after a row. */
export type Position<Row> = { readonly from: string } | { readonly after: Row };

/** Rows in order of key text, from `position` up to keys before `end` (none: to the end), at most `limit`. */
export type Scan<Row> = (position: Position<Row>, end: string | undefined, limit: number) => Promise<readonly Row[]>;

export interface Listing<Row> {
  readonly prefix: string;
  readonly delimiter: string;
  readonly limit: number;
  readonly start: Position<Row>;
}

/** How rows of a scan become entries of a page. Each row is read once, since a page has a thousand. */
export interface Reading<Row, Entry> {
  /** A row's key text. */
  key(row: Row): string;
  entry(row: Row): Entry;
}

export interface Page<Entry> {
  readonly entries: readonly (Entry | ListedPrefix)[];
  readonly truncated: boolean;
}

/**
 * Rows of the first read. Few, because each may be the first of a long common prefix; without common prefixes later
 * reads are larger.
 */
const FIRST_BATCH = 100;
const SMALLEST_BATCH = 1;
const LARGEST_BATCH = 1001;

/**
 * Merges keys and common prefixes into one page. A skip scan: after a common prefix it jumps to the first key beyond
 * it, so the cost grows with the entries of the page, not with the keys that they stand for.
 */
export async function listPage<Row, Entry>(
  listing: Listing<Row>,
  scan: Scan<Row>,
  reading: Reading<Row, Entry>,
): Promise<Page<Entry>> {
  const entries: (Entry | ListedPrefix)[] = [];
  if (listing.limit <= 0) return { entries, truncated: false };
  const prefix = toKeyText(listing.prefix);
  const delimiter = toKeyText(listing.delimiter);
  const end = beyondPrefix(prefix);
  let batch = delimiter === "" ? listing.limit + 1 : Math.min(FIRST_BATCH, listing.limit + 1);
  let position = listing.start;
  let common: string | undefined;
  for (;;) {
    const rows = await scan(position, end, batch);
    const before = entries.length;
    for (const row of rows) {
      const key = reading.key(row);
      if (common !== undefined && key.startsWith(common)) continue;
      if (entries.length === listing.limit) return { entries, truncated: true };
      common = commonPrefix(key, prefix, delimiter);
      entries.push(common === undefined ? reading.entry(row) : { kind: "prefix", prefix: fromKeyText(common) });
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < batch) return { entries, truncated: false };
    const beyond = common === undefined ? undefined : beyondPrefix(common);
    if (common !== undefined && beyond === undefined) return { entries, truncated: false };
    position = beyond === undefined ? { after: last } : { from: beyond };
    const useful = entries.length - before > rows.length / 2;
    batch = useful ? Math.min(LARGEST_BATCH, batch * 4) : Math.max(SMALLEST_BATCH, Math.floor(batch / 4));
  }
}

/** The part of a key up to and including the first delimiter after the prefix. */
function commonPrefix(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === "") return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}

/**
 * The first key text after this key or common prefix. A marker inside a common prefix stands for the whole prefix, so
 * all of its members are skipped.
 */
export function firstAfter(after: string, prefix: string, delimiter: string): string | undefined {
  const start = toKeyText(prefix);
  if (after === "") return start;
  const marker = toKeyText(after);
  const common = marker.startsWith(start) ? commonPrefix(marker, start, toKeyText(delimiter)) : undefined;
  const next = common === undefined ? justAfter(marker) : beyondPrefix(common);
  return next !== undefined && compareKeyText(next, start) < 0 ? start : next;
}
