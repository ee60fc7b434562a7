import type { Progress, Worker } from "../background/worker.js";
import type { Catalog } from "../catalog/catalog.js";
import type { Clock } from "../model/clock.js";

/** Between two looks, ms. */
const LOOK_MS = 60_000;
/** Changes that one transaction forgets. */
const BATCH = 5_000;

/** Where no journal is kept: what is noted for it does not pile up. */
export class JournalDiscarder implements Worker {
  readonly name = "journal";

  constructor(private readonly components: { readonly catalog: Pick<Catalog, "journal">; readonly clock: Clock }) {}

  async step(): Promise<Progress> {
    const { catalog, clock } = this.components;
    if (await catalog.journal.discard(BATCH)) return { kind: "busy" };
    return { kind: "idle", until: clock.now() + LOOK_MS };
  }
}
