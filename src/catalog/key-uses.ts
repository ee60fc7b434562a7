import type { Clock } from "../model/clock.js";
import type { KeyUseCatalog } from "./catalog.js";
import type { Store } from "./store.js";

export class KeyUseTableCatalog implements KeyUseCatalog {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
  ) {}

  async all(): Promise<string[]> {
    return (await this.store.reads.selectFrom("key_uses").select("key_id").orderBy("since").execute()).map(
      (row) => row.key_id,
    );
  }

  async record(keyId: string): Promise<void> {
    await this.store.write((tx) =>
      tx
        .insertInto("key_uses")
        .values({ key_id: keyId, since: this.clock.now() })
        .onConflict((conflict) => conflict.column("key_id").doNothing())
        .execute(),
    );
  }
}
