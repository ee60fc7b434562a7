import type { Progress, Worker } from "../background/worker.js";
import type { Catalog } from "../catalog/catalog.js";
import type { Clock } from "../model/clock.js";

export const PREPARATION_PRUNER_DEFAULTS = {
  /** Between two rounds, ms. */
  intervalMs: 3_600_000,
};

/** Clears segment hashes that were saved just after the upload or version they were meant for had gone. */
export class PreparationGc implements Worker {
  readonly name = "preparation-pruner";
  private readonly settings: typeof PREPARATION_PRUNER_DEFAULTS;
  private nextAt = 0;

  constructor(
    private readonly components: { readonly catalog: Pick<Catalog, "preparations">; readonly clock: Clock },
    settings: Partial<typeof PREPARATION_PRUNER_DEFAULTS> = {},
  ) {
    this.settings = { ...PREPARATION_PRUNER_DEFAULTS, ...settings };
  }

  async step(): Promise<Progress> {
    const { catalog, clock } = this.components;
    if (clock.now() < this.nextAt) return { kind: "idle", until: this.nextAt };
    await catalog.preparations.prune();
    this.nextAt = clock.now() + this.settings.intervalMs;
    return { kind: "idle", until: this.nextAt };
  }
}
