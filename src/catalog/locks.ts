import type { Clock } from "../model/clock.js";
import { LeaseLost } from "../model/lease-lost.js";
import type { HeldLock, Lock, LockCatalog } from "./catalog.js";
import type { Store } from "./store.js";

/** Locks that are listed, at most. */
const LISTED = 1000;

/** A row is there while the name is held: its token is the row's id, which is never used again. */
export class LockTableCatalog implements LockCatalog {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly gateway: string,
  ) {}

  acquire(name: string, leaseMs: number): Promise<Lock | undefined> {
    return this.store.write(async (tx) => {
      const now = this.clock.now();
      await tx.deleteFrom("locks").where("name", "=", name).where("until_at", "<=", now).execute();
      const row = await tx
        .insertInto("locks")
        .values({ name, holder: this.gateway, until_at: now + leaseMs })
        .onConflict((conflict) => conflict.column("name").doNothing())
        .returning("token")
        .executeTakeFirst();
      return row && { name, token: row.token };
    });
  }

  extend(lock: Lock, leaseMs: number): Promise<void> {
    return this.store.write(async (tx) => {
      const { numUpdatedRows } = await tx
        .updateTable("locks")
        .set({ until_at: this.clock.now() + leaseMs })
        .where("token", "=", lock.token)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) throw lockLost(lock);
    });
  }

  async release({ token }: Lock): Promise<void> {
    await this.store.write((tx) => tx.deleteFrom("locks").where("token", "=", token).execute());
  }

  async releaseOwn(): Promise<void> {
    await this.store.write((tx) => {
      const held = tx.deleteFrom("locks");
      // Alone, this gateway may have had another id.
      return (this.store.shared ? held.where("holder", "=", this.gateway) : held).execute();
    });
  }

  async held(): Promise<readonly HeldLock[]> {
    const rows = await this.store.reads.selectFrom("locks").selectAll().orderBy("name").limit(LISTED).execute();
    return rows.map(({ name, token, holder, until_at }) => ({ name, token, holder, until: until_at }));
  }
}

export function lockLost({ name }: Lock): LeaseLost {
  return new LeaseLost(`the lock ${name}`, false);
}
