import { sql } from "kysely";
import type { CessAccount } from "../model/account.js";
import type { Clock } from "../model/clock.js";
import type { AuthorizationBudget, SignUpCatalog } from "./catalog.js";
import type { Store } from "./store.js";

/** How long a used challenge is remembered after its end, ms. */
const REMEMBERED_MS = 86_400_000;

export class SignUpTableCatalog implements SignUpCatalog {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
  ) {}

  useChallenge(nonce: string, expiresAt: number): Promise<boolean> {
    return this.store.write(async (tx) => {
      await tx
        .deleteFrom("used_challenges")
        .where("expires_at", "<", this.clock.now() - REMEMBERED_MS)
        .execute();
      const { numInsertedOrUpdatedRows } = await tx
        .insertInto("used_challenges")
        .values({ nonce, expires_at: expiresAt })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      return (numInsertedOrUpdatedRows ?? 0n) > 0n;
    });
  }

  payAuthorization(account: CessAccount, { since, all, perAccount }: AuthorizationBudget): Promise<boolean> {
    return this.store.write(async (tx) => {
      await tx.deleteFrom("paid_authorizations").where("paid_at", "<", since).execute();
      const paid = await tx
        .selectFrom("paid_authorizations")
        .select(sql<number>`count(*)`.as("all"))
        .select(sql<number | null>`sum(case when account = ${account} then 1 else 0 end)`.as("own"))
        .executeTakeFirstOrThrow();
      if (paid.all >= all || (paid.own ?? 0) >= perAccount) return false;
      await tx.insertInto("paid_authorizations").values({ account, paid_at: this.clock.now() }).execute();
      return true;
    });
  }

  async returnAuthorization(account: CessAccount): Promise<void> {
    await this.store.write(async (tx) => {
      const last = await tx
        .selectFrom("paid_authorizations")
        .select("id")
        .where("account", "=", account)
        .orderBy("id", "desc")
        .limit(1)
        .executeTakeFirst();
      if (last) await tx.deleteFrom("paid_authorizations").where("id", "=", last.id).execute();
    });
  }
}
