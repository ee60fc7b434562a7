import { LRUCache } from "lru-cache";
import { BucketDocuments } from "../model/bucket-documents.js";
import type { Bucket } from "../model/bucket.js";
import type { Quota } from "../model/quota.js";
import { bucketRows, toBucket } from "./bucket-rows.js";
import type { ConfigurationCatalog } from "./catalog.js";
import { raiseMark } from "./configuration-mark.js";
import { quotaOf } from "./quotas.js";
import type { Store, Tx } from "./store.js";

/** Cached buckets; the least recently used one is dropped first. */
const REMEMBERED = 1_000;

export interface ConfiguredBucket {
  readonly bucket: Bucket;
  readonly documents: BucketDocuments;
  readonly quota: Quota;
}

/**
 * Buckets with their configurations and quotas: every request needs one, and they seldom change. Every change goes through
 * `change`: nothing that was read before or during a change of this process is cached after it. What other processes
 * change is found by the mark, and then all that is cached goes.
 */
export class BucketCache {
  private readonly cached = new LRUCache<string, ConfiguredBucket>({ max: REMEMBERED });
  private changes = 0;
  /** Of the mark, when what is cached was read. */
  private mark: number | undefined;

  constructor(
    private readonly store: Pick<Store, "reads">,
    private readonly configuration: Pick<ConfigurationCatalog, "recent">,
  ) {}

  /** What is cached. It is true where no other process changes buckets. */
  known(name: string): ConfiguredBucket | undefined {
    return this.cached.get(name);
  }

  async read(name: string): Promise<ConfiguredBucket | undefined> {
    const { buckets: mark } = await this.configuration.recent();
    if (mark !== this.mark) {
      this.cached.clear();
      this.mark = mark;
    }
    const known = this.cached.get(name);
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
      quota: await quotaOf(db, name),
    };
    if (changes === this.changes && mark === this.mark) this.cached.set(name, found);
    return found;
  }

  /** Runs a write to the caller's store that may change the bucket, its configurations or its quota. */
  async change<Result>(store: Store, name: string, write: (tx: Tx) => Promise<Result>): Promise<Result> {
    try {
      return await store.write(async (tx) => {
        await raiseMark(tx, "buckets");
        return write(tx);
      });
    } finally {
      this.changes++;
      this.cached.delete(name);
    }
  }
}
