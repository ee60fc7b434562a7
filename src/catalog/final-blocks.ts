import type { FinalBlockCatalog } from "./catalog.js";
import type { Store } from "./store.js";

export class FinalBlockTableCatalog implements FinalBlockCatalog {
  constructor(private readonly store: Store) {}

  raise(genesis: string, number: number): Promise<number> {
    return this.store.write(async (tx) => {
      const row = await tx
        .selectFrom("final_blocks")
        .select("number")
        .where("genesis", "=", genesis)
        .executeTakeFirst();
      if (row && row.number >= number) return row.number;
      await tx
        .insertInto("final_blocks")
        .values({ genesis, number })
        .onConflict((conflict) => conflict.column("genesis").doUpdateSet({ number }))
        .execute();
      return number;
    });
  }
}
