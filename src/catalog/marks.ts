import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import type { CatalogMark, MarkCatalog } from "./catalog.js";
import type { Store, Tx } from "./store.js";

export class MarkTableCatalog implements MarkCatalog {
  constructor(private readonly store: Store) {}

  read(): Promise<CatalogMark> {
    return readMark(this.store.reads);
  }

  advance(): Promise<CatalogMark> {
    return this.store.write(async (tx) => {
      await tx
        .updateTable("catalog_mark")
        .set({ generation: sql<number>`generation + 1` })
        .execute();
      return readMark(tx);
    });
  }

  renew(generation: number): Promise<CatalogMark> {
    return this.store.write(async (tx) => {
      const now = await readMark(tx);
      const mark = {
        catalog: randomBytes(16).toString("hex"),
        generation: Math.max(now.generation, generation) + 1,
      };
      await tx.updateTable("catalog_mark").set(mark).execute();
      return mark;
    });
  }

  changes(): number {
    return this.store.changes;
  }
}

function readMark(db: Tx): Promise<CatalogMark> {
  return db.selectFrom("catalog_mark").select(["catalog", "generation"]).executeTakeFirstOrThrow();
}
