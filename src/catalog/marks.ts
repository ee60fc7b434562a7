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
      await beginStream(tx);
      return mark;
    });
  }

  changes(): number {
    return this.store.changes;
  }
}

/** What another copy of the catalog wrote into its journals is not this one's: its own begin with a snapshot. */
async function beginStream(tx: Tx): Promise<void> {
  const stream = randomBytes(4).toString("hex");
  await tx.updateTable("journal_state").set({ stream, snapshot_due: 1 }).execute();
  await tx.deleteFrom("journals").where("state", "=", "ordered").execute();
  // A change, so that there is a reason for the snapshot.
  await sql`insert into journal_changes (kind, number, name) select 1, 0, name from buckets where true limit 1
    on conflict (kind, number, name) do nothing`.execute(tx);
}

function readMark(db: Tx): Promise<CatalogMark> {
  return db.selectFrom("catalog_mark").select(["catalog", "generation"]).executeTakeFirstOrThrow();
}
