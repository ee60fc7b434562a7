import { sql } from "kysely";
import type { Clock } from "../model/clock.js";
import type { BlobId } from "../model/object.js";
import { orphansAmong } from "./blob-links.js";
import { BucketMemory } from "./bucket-memory.js";
import { BucketTableCatalog } from "./buckets.js";
import type { BucketCatalog, Catalog, ConfigurationCatalog, FileCatalog, JobCatalog, ObjectCatalog, PreparationCatalog, UploadCatalog } from "./catalog.js";
import { ConfigurationTableCatalog } from "./configurations.js";
import { FileTableCatalog } from "./files.js";
import { JobTableCatalog } from "./jobs.js";
import { ObjectTableCatalog } from "./objects.js";
import { PreparationTableCatalog } from "./preparations.js";
import type { Store } from "./store.js";
import { UploadTableCatalog } from "./uploads.js";

/** The catalog over any store that speaks SQL. */
export class SqlCatalog implements Catalog {
  readonly buckets: BucketCatalog;
  readonly configurations: ConfigurationCatalog;
  readonly objects: ObjectCatalog;
  readonly uploads: UploadCatalog;
  readonly preparations: PreparationCatalog;
  readonly files: FileCatalog;
  readonly jobs: JobCatalog;
  private readonly store: Store;

  constructor(components: { readonly store: Store; readonly clock: Clock }) {
    const { store, clock } = components;
    this.store = store;
    const memory = new BucketMemory(store);
    this.buckets = new BucketTableCatalog(store, clock, memory);
    this.configurations = new ConfigurationTableCatalog(store, memory);
    this.objects = new ObjectTableCatalog(store, clock);
    this.uploads = new UploadTableCatalog(store, clock);
    this.preparations = new PreparationTableCatalog(store);
    this.files = new FileTableCatalog(store, clock);
    this.jobs = new JobTableCatalog(store, clock);
  }

  /**
   * Asked as a write although it writes nothing: the answer leads to bytes being removed, so it may only rest on rows
   * that are durable. A deletion that a power cut undoes must not have cost the blob its bytes.
   */
  orphans(blobs: readonly BlobId[]): Promise<BlobId[]> {
    return this.store.write((tx) => orphansAmong(tx, blobs));
  }

  async staged(): Promise<{ readonly bytes: number; readonly openUploadBytes: number }> {
    const db = this.store.reads;
    // A blob may be linked by a version and by its file at once; UNION counts each slice once.
    const linked = db.selectFrom("version_blobs").select(["blob", "offset", "length"])
      .union(db.selectFrom("file_blobs").select(["blob", "offset", "length"]))
      .union(db.selectFrom("parts").select(["blob", sql<number>`0`.as("offset"), "size as length"]));
    const all = await db.selectFrom(linked.as("linked")).select(({ fn }) => fn.sum<number | null>("length").as("bytes")).executeTakeFirst();
    const open = await db.selectFrom("parts").innerJoin("uploads", "uploads.id", "parts.upload_id").where("uploads.state", "=", "open")
      .select(({ fn }) => fn.sum<number | null>("parts.size").as("bytes")).executeTakeFirst();
    return { bytes: all?.bytes ?? 0, openUploadBytes: open?.bytes ?? 0 };
  }

  close(): Promise<void> {
    return this.store.close();
  }
}
