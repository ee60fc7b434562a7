import { sql } from "kysely";
import type { Clock } from "../model/clock.js";
import type { ConfigurationCatalog, ConfigurationMark } from "./catalog.js";
import type { Prepared, Store, Tx } from "./store.js";

/** How old a mark may be for who does not answer a request, ms. */
const RECENT_MS = 1_000;

/** Before anything was read, and after a read that failed: equal to no mark. */
const UNKNOWN: ConfigurationMark = { buckets: NaN, identities: NaN };
/** Where this process is the only one that writes: it forgets by itself what it changes. */
const ALONE: ConfigurationMark = { buckets: 0, identities: 0 };

/** To be called in each transaction that changes buckets or their documents, or accounts or keys. */
export async function raiseMark(tx: Tx, of: keyof ConfigurationMark): Promise<void> {
  await tx
    .updateTable("configuration_mark")
    .set({ [of]: sql<number>`${sql.ref(of)} + 1` })
    .where("id", "=", 1)
    .execute();
}

/**
 * Reads of the mark, one at a time: whoever comes while one runs waits for the next, with all others who do. So a read that
 * somebody is answered by began after they asked, and however many ask, they cost one read after the other.
 */
export class ConfigurationMarkCatalog implements ConfigurationCatalog {
  private readonly row: Prepared<ConfigurationMark>;
  private mark: ConfigurationMark;
  private readAt = -Infinity;
  private running: Promise<unknown> = Promise.resolve();
  private next: Promise<ConfigurationMark> | undefined;

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
  ) {
    this.mark = store.shared ? UNKNOWN : ALONE;
    this.row = store.prepared(store.reads.selectFrom("configuration_mark").select(["buckets", "identities"]));
  }

  refresh(): Promise<ConfigurationMark> {
    if (!this.store.shared) return Promise.resolve(ALONE);
    return (this.next ??= this.readNext());
  }

  recent(): Promise<ConfigurationMark> {
    const age = this.clock.now() - this.readAt;
    return !this.store.shared || (age >= 0 && age < RECENT_MS) ? Promise.resolve(this.mark) : this.refresh();
  }

  private async readNext(): Promise<ConfigurationMark> {
    await this.running;
    this.next = undefined;
    const reading = this.read();
    this.running = reading.catch(() => undefined);
    return reading;
  }

  private async read(): Promise<ConfigurationMark> {
    const at = this.clock.now();
    try {
      const [mark] = await this.row([]);
      if (!mark) throw new Error("the catalog has lost its row of configuration_mark");
      this.readAt = at;
      return (this.mark = mark);
    } catch (error) {
      // A store that comes back may have lost what it had, and count anew from there.
      this.mark = UNKNOWN;
      this.readAt = -Infinity;
      throw error;
    }
  }
}
