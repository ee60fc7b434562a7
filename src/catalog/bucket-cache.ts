import { LRUCache } from "lru-cache";
import { BucketDocuments } from "../model/bucket-documents.js";
import type { Bucket } from "../model/bucket.js";
import { bucketRows, toBucket } from "./bucket-rows.js";
import type { Store } from "./store.js";

/** Cached buckets; the least recently used one is dropped first. */
const REMEMBERED = 1_000;

export interface ConfiguredBucket {
  readonly bucket: Bucket;
  readonly documents: BucketDocuments;
}

/**
 * Buckets with their configurations: every request needs one, and they seldom change. The catalog has one writer, so it
 * is enough that every change goes through `change`: nothing that was read before or during a change is cached after
 * it.
 */
export class BucketCache {
  private readonly known = new LRUCache<string, ConfiguredBucket>({ max: REMEMBERED });
  private changes = 0;

  constructor(private readonly store: Store) {}

  async read(name: string): Promise<ConfiguredBucket | undefined> {
    const known = this.known.get(name);
    if (known) return known;
    const { changes } = this;
    const db = this.store.reads;
    const row = await bucketRows(db).where("b.name", "=", name).executeTakeFirst();
    if (!row) return undefined;
    const documents = await db
      .selectFrom("configurations")
      .select(["name", "document"])
      .where("bucket", "=", name)
      .execute();
    const found = {
      bucket: toBucket(row),
      documents: new BucketDocuments(name, new Map(documents.map((each) => [each.name, each.document]))),
    };
    if (changes === this.changes) this.known.set(name, found);
    return found;
  }

  /** Runs a write that may change the bucket or its configurations. */
  async change<Result>(name: string, write: () => Promise<Result>): Promise<Result> {
    try {
      return await write();
    } finally {
      this.changes++;
      this.known.delete(name);
    }
  }
}
