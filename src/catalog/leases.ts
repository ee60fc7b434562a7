import type { Clock } from "../model/clock.js";
import type { LeaseEvent } from "../model/lease.js";
import type { LeaseCatalog, LeaseNotice, LeasePurchase, LeaseSpend } from "./catalog.js";
import { addToOutbox } from "./events.js";
import { toRowId, type Store } from "./store.js";

/** Spends are kept for so long after they count in no budget any more, ms. */
const KEPT_MS = 400 * 86_400_000;

export class LeaseTableCatalog implements LeaseCatalog {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
  ) {}

  async notice(
    { cessAccount, territory, deadline, days }: LeaseNotice,
    outbox?: { readonly webhook: string; readonly event: LeaseEvent },
  ): Promise<boolean> {
    return this.store.write(async (tx) => {
      const known = await tx
        .selectFrom("lease_notices")
        .select(["deadline", "days"])
        .where("cess_account", "=", cessAccount)
        .where("territory", "=", territory)
        .executeTakeFirst();
      if (known?.deadline === deadline && known.days <= days) return false;
      await tx
        .insertInto("lease_notices")
        .values({ cess_account: cessAccount, territory, deadline, days })
        .onConflict((conflict) => conflict.columns(["cess_account", "territory"]).doUpdateSet({ deadline, days }))
        .execute();
      if (outbox) await addToOutbox(tx, this.clock.now(), outbox.webhook, [outbox.event]);
      return true;
    });
  }

  async planSpend({ kind, cessAccount, territory, amount, before }: LeasePurchase): Promise<string> {
    const at = this.clock.now();
    return this.store.write(async (tx) => {
      await tx
        .deleteFrom("lease_spends")
        .where("ended", "=", 1)
        .where("at", "<", at - KEPT_MS)
        .execute();
      const { id } = await tx
        .insertInto("lease_spends")
        .values({
          kind,
          cess_account: cessAccount,
          territory,
          amount: amount.toString(),
          before: before.toString(),
          at,
          ended: 0,
        })
        .returning("id")
        .executeTakeFirstOrThrow();
      return String(id);
    });
  }

  async signSpend(id: string, { nonce, untilBlock }: NonNullable<LeaseSpend["signed"]>): Promise<void> {
    await this.update(id, { nonce, until_block: untilBlock });
  }

  async endSpend(id: string, amount: bigint): Promise<void> {
    await this.update(id, { ended: 1, amount: amount.toString() });
  }

  async dropSpend(id: string): Promise<void> {
    await this.store.write((tx) => tx.deleteFrom("lease_spends").where("id", "=", rowId(id)).execute());
  }

  async spends(since: number): Promise<readonly LeaseSpend[]> {
    const rows = await this.store.reads
      .selectFrom("lease_spends")
      .selectAll()
      .where((eb) => eb.or([eb("at", ">=", since), eb("ended", "=", 0)]))
      .orderBy("id")
      .execute();
    return rows.map((row) => ({
      id: String(row.id),
      kind: row.kind === "expand" ? "expand" : "renew",
      cessAccount: row.cess_account,
      territory: row.territory,
      amount: BigInt(row.amount),
      before: BigInt(row.before),
      at: row.at,
      ended: row.ended === 1,
      ...(row.nonce === null || row.until_block === null
        ? {}
        : { signed: { nonce: row.nonce, untilBlock: row.until_block } }),
    }));
  }

  private async update(
    id: string,
    values: {
      readonly nonce?: number;
      readonly until_block?: number;
      readonly ended?: number;
      readonly amount?: string;
    },
  ): Promise<void> {
    await this.store.write((tx) => tx.updateTable("lease_spends").set(values).where("id", "=", rowId(id)).execute());
  }
}

function rowId(id: string): number {
  return toRowId(id) ?? 0;
}
