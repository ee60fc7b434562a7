import { batch, signal } from "@preact/signals";
import { isAbort, words } from "./failure.js";
import type { Entry, Query, S3 } from "./s3.js";
import { endedBy } from "./session.js";

export interface ListingOptions {
  readonly bucket: string;
  readonly prefix: string;
  /** Also versions that are not the newest, and delete markers. */
  readonly deleted: boolean;
  /** Only keys with this text behind the prefix; all below the prefix is looked through. */
  readonly search: string;
}

/** Pages that one look for more reads at most: 200,000 keys. Then the person decides whether to look further. */
const PAGES = 200;

/** Keys of a bucket, page by page as they are looked at. */
export class Listing {
  /** Grows in place; `count` tells when. */
  readonly entries: Entry[] = [];
  readonly count = signal(0);
  readonly looked = signal(0);
  readonly loading = signal(false);
  /** It has looked through much and found less than was wanted. */
  readonly paused = signal(false);
  readonly done = signal(false);
  readonly failure = signal("");
  private next: Query = {};
  private readonly abort = new AbortController();

  constructor(
    private readonly s3: S3,
    private readonly options: ListingOptions,
  ) {}

  close(): void {
    this.abort.abort();
  }

  /** Reads on until there are `wanted` entries, or no more. */
  async more(wanted: number): Promise<void> {
    if (this.loading.value || this.done.value || this.entries.length >= wanted) return;
    const { bucket, prefix, deleted, search } = this.options;
    const needle = search.toLowerCase();
    this.loading.value = true;
    this.paused.value = false;
    try {
      for (let pages = 0; this.entries.length < wanted && pages < PAGES; pages++) {
        const page = await this.s3.list(bucket, {
          prefix,
          delimiter: search === "" ? "/" : "",
          deleted,
          from: this.next,
          signal: this.abort.signal,
        });
        // Folders first, as far as a page reaches.
        const folders = page.entries.filter((entry) => entry.kind === "folder");
        for (const entry of [...folders, ...page.entries.filter((each) => each.kind !== "folder")])
          // A key that is the prefix itself is the folder, as some tools make them.
          if (entry.key !== prefix && (needle === "" || entry.key.slice(prefix.length).toLowerCase().includes(needle)))
            this.entries.push(entry);
        batch(() => {
          this.count.value = this.entries.length;
          this.looked.value += page.entries.length;
          if (page.next) this.next = page.next;
          else this.done.value = true;
        });
        if (!page.next) break;
      }
      batch(() => {
        this.loading.value = false;
        this.paused.value = this.entries.length < wanted && !this.done.value;
      });
    } catch (error) {
      if (isAbort(error)) return;
      batch(() => {
        this.loading.value = false;
        if (!endedBy(error)) this.failure.value = words(error);
      });
    }
  }
}

/** Every object below a prefix, to the end. */
export async function* below(s3: S3, bucket: string, prefix: string, signal: AbortSignal): AsyncGenerator<Entry> {
  let from: Query | undefined = {};
  while (from) {
    const page = await s3.list(bucket, { prefix, delimiter: "", deleted: false, from, signal });
    for (const entry of page.entries) yield entry;
    from = page.next;
  }
}
