import type { StagingCatalog, StagingMark } from "./catalog.js";
import type { Store } from "./store.js";

export class StagingPlaceTableCatalog implements StagingCatalog {
  constructor(private readonly store: Store) {}

  async read(): Promise<StagingMark> {
    const { staging_name: name, staging_marked: marked } = await this.store.reads
      .selectFrom("catalog_mark")
      .select(["staging_name", "staging_marked"])
      .executeTakeFirstOrThrow();
    return { name, marked: marked === 1 };
  }

  async setMarked(): Promise<void> {
    await this.store.write((tx) => tx.updateTable("catalog_mark").set({ staging_marked: 1 }).execute());
  }
}
