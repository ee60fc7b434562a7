import { Rounds } from "../background/rounds.js";
import type { Progress, Worker } from "../background/worker.js";
import type { Catalog } from "../catalog/catalog.js";
import type { Clock } from "../model/clock.js";

export const PREPARATION_GC_DEFAULTS = {
  /** Between two rounds, ms. */
  intervalMs: 3_600_000,
};

/** Removes segment hashes that were saved after their upload or version had been deleted. */
export class PreparationGc implements Worker {
  readonly name = "preparation-gc";
  private readonly rounds: Rounds;

  constructor(
    private readonly components: { readonly catalog: Pick<Catalog, "preparations">; readonly clock: Clock },
    settings: Partial<typeof PREPARATION_GC_DEFAULTS> = {},
  ) {
    const { intervalMs } = { ...PREPARATION_GC_DEFAULTS, ...settings };
    this.rounds = new Rounds(components.clock, intervalMs);
  }

  step(): Promise<Progress> {
    return this.rounds.step(async () => {
      await this.components.catalog.preparations.prune();
      return "done";
    });
  }
}
