import { Rounds } from "../background/rounds.js";
import type { Progress, Worker } from "../background/worker.js";
import type { Blobs } from "../blobs/blobs.js";
import type { Catalog } from "../catalog/catalog.js";
import type { Clock } from "../model/clock.js";

export const TAKE_OVER_GC_DEFAULTS = {
  /** How long a file waits for the object that it was taken over for, ms. Until then the request can be repeated. */
  keepMs: 3_600_000,
  /** Between two rounds, ms. */
  intervalMs: 600_000,
};

/**
 * Lets go of files that were taken over for an object that never came: the gateway, or the client, was gone before. What
 * was declared meanwhile is deleted on the chain again, for this owner.
 */
export class TakeOverGc implements Worker {
  readonly name = "take-over-gc";
  private readonly settings: typeof TAKE_OVER_GC_DEFAULTS;
  private readonly rounds: Rounds;

  constructor(
    private readonly components: {
      readonly catalog: Pick<Catalog, "takeOvers">;
      readonly blobs: Pick<Blobs, "remove">;
      readonly clock: Clock;
      /** Called when files may have got jobs. */
      readonly onWork: () => void;
    },
    settings: Partial<typeof TAKE_OVER_GC_DEFAULTS> = {},
  ) {
    this.settings = { ...TAKE_OVER_GC_DEFAULTS, ...settings };
    this.rounds = new Rounds(components.clock, this.settings.intervalMs);
  }

  step(): Promise<Progress> {
    const { catalog, blobs, clock, onWork } = this.components;
    return this.rounds.step(async () => {
      const { ended, orphans } = await catalog.takeOvers.endOlder(clock.now() - this.settings.keepMs);
      await blobs.remove(orphans);
      if (ended === 0) return "done";
      onWork();
      return "more";
    });
  }
}
