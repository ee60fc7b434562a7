import type { Clock } from "../model/clock.js";
import type { ExtrinsicCatalog, TakenNonce } from "./catalog.js";
import { toRowId, type Store } from "./store.js";

export class ExtrinsicTableCatalog implements ExtrinsicCatalog {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly gateway: string,
  ) {}

  take(account: string, next: number, reserveMs: number): Promise<TakenNonce> {
    return this.store.write(async (tx) => {
      const now = this.clock.now();
      await tx
        .deleteFrom("extrinsics")
        .where("account", "=", account)
        .where("bytes", "is", null)
        .where("reserved_until_at", "<=", now)
        .execute();
      const taken = await tx
        .selectFrom("extrinsics")
        .select("nonce")
        .where("account", "=", account)
        .where("nonce", ">=", next)
        .orderBy("nonce")
        .execute();
      let nonce = next;
      for (const row of taken) {
        if (row.nonce !== nonce) break;
        nonce++;
      }
      const { id } = await tx
        .insertInto("extrinsics")
        .values({ account, nonce, holder: this.gateway, reserved_until_at: now + reserveMs })
        .returning("id")
        .executeTakeFirstOrThrow();
      return { id: String(id), nonce, signed: false };
    });
  }

  sign(
    id: string,
    { bytes, untilBlock, block }: { readonly bytes: string; readonly untilBlock: number; readonly block: number },
  ): Promise<boolean> {
    return this.store.write(async (tx) => {
      const { numUpdatedRows } = await tx
        .updateTable("extrinsics")
        .set({ bytes, until_block: untilBlock, sent_block: block })
        .where("id", "=", toRowId(id) ?? 0)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    });
  }

  async drop(id: string): Promise<void> {
    await this.store.write((tx) =>
      tx
        .deleteFrom("extrinsics")
        .where("id", "=", toRowId(id) ?? 0)
        .execute(),
    );
  }

  async open(account: string): Promise<readonly TakenNonce[]> {
    const rows = await this.store.reads
      .selectFrom("extrinsics")
      .select(["id", "nonce", "until_block"])
      .where("account", "=", account)
      .orderBy("nonce")
      .execute();
    return rows.map(({ id, nonce, until_block }) => ({ id: String(id), nonce, signed: until_block !== null }));
  }

  async settle(account: string, { block, nonce }: { readonly block: number; readonly nonce: number }): Promise<void> {
    const now = this.clock.now();
    await this.store.write((tx) =>
      tx
        .deleteFrom("extrinsics")
        .where("account", "=", account)
        .where((eb) =>
          eb.or([
            eb("nonce", "<", nonce),
            eb("until_block", "<=", block),
            eb.and([eb("bytes", "is", null), eb("reserved_until_at", "<=", now)]),
          ]),
        )
        .execute(),
    );
  }

  resend(
    account: string,
    { block, before, except }: { readonly block: number; readonly before: number; readonly except: readonly string[] },
  ): Promise<readonly string[]> {
    const own = new Set(except);
    return this.store.write(async (tx) => {
      const late = await tx
        .selectFrom("extrinsics")
        .select(["id", "nonce", "bytes"])
        .where("account", "=", account)
        .where("bytes", "is not", null)
        .where("sent_block", "<", before)
        .orderBy("nonce")
        .execute();
      const others = late.filter(({ id }) => !own.has(String(id)));
      if (others.length === 0) return [];
      const ids = others.map(({ id }) => id);
      await tx.updateTable("extrinsics").set({ sent_block: block }).where("id", "in", ids).execute();
      return others.flatMap(({ bytes }) => bytes ?? []);
    });
  }
}
