import type { Compilable, Kysely } from "kysely";
import type { Held } from "./catalog.js";
import { isCurrent, jobLost } from "./jobs.js";
import { lockLost } from "./locks.js";
import type { Schema } from "./schema.js";
import type { Listener, PageColumn, PageQuery, Prepared, Store, Tx, WriteOptions } from "./store.js";

/** The store for whoever holds a lease: each write first makes sure, in its own transaction, that it is still current. */
export class FencedStore implements Store {
  constructor(
    private readonly store: Store,
    private readonly held: () => Held,
  ) {}

  get reads(): Kysely<Schema> {
    return this.store.reads;
  }

  get shared(): boolean {
    return this.store.shared;
  }

  prepared<Row>(query: Compilable<Row>): Prepared<Row> {
    return this.store.prepared(query);
  }

  pages(columns: readonly PageColumn[], query: { compile(): { readonly sql: string } }): PageQuery {
    return this.store.pages(columns, query);
  }

  async write<T>(intent: (tx: Tx) => Promise<T>, options?: WriteOptions): Promise<T> {
    const held = this.held();
    const beside = options && { ...options, locks: [...(options.locks ?? []), leaseLock(held)] };
    return this.store.write(async (tx) => {
      await requireCurrent(tx, held);
      return intent(tx);
    }, beside);
  }

  announce(topic: string, text?: string): void {
    this.store.announce(topic, text);
  }

  subscribe(topic: string, listener: Listener): () => void {
    return this.store.subscribe(topic, listener);
  }

  get changes(): number {
    return this.store.changes;
  }

  time(): Promise<number | undefined> {
    return this.store.time();
  }

  close(): Promise<void> {
    return this.store.close();
  }
}

/** The name that stands for a lease: of a write that runs beside others, so that the lease does not pass on meanwhile. */
function leaseLock(held: Held): string {
  return "lease" in held ? `job:${held.id}` : `lease:${held.token}`;
}

async function requireCurrent(tx: Tx, held: Held): Promise<void> {
  const isJob = "lease" in held;
  const row = isJob
    ? await tx.selectFrom("jobs").select("id").where(isCurrent(held)).executeTakeFirst()
    : await tx.selectFrom("locks").select("token").where("token", "=", held.token).executeTakeFirst();
  if (row === undefined) throw isJob ? await jobLost(tx, held) : lockLost(held);
}
