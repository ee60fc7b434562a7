import { Rounds } from "../background/rounds.js";
import type { Progress, Worker } from "../background/worker.js";
import type { Catalog } from "../catalog/catalog.js";
import type { Clock } from "../model/clock.js";

export const UPLOAD_GC_DEFAULTS = {
  /** How long a completed or aborted upload is remembered for clients that repeat their request, ms. */
  rememberMs: 7 * 24 * 3_600_000,
  /** Between two rounds, ms. */
  intervalMs: 3_600_000,
};

/** Forgets uploads that ended long ago. */
export class UploadGc implements Worker {
  readonly name = "upload-gc";
  private readonly settings: typeof UPLOAD_GC_DEFAULTS;
  private readonly rounds: Rounds;

  constructor(
    private readonly components: { readonly catalog: Pick<Catalog, "uploads">; readonly clock: Clock },
    settings: Partial<typeof UPLOAD_GC_DEFAULTS> = {},
  ) {
    this.settings = { ...UPLOAD_GC_DEFAULTS, ...settings };
    this.rounds = new Rounds(components.clock, this.settings.intervalMs);
  }

  step(): Promise<Progress> {
    const { catalog, clock } = this.components;
    return this.rounds.step(async () => {
      const forgotten = await catalog.uploads.forget(clock.now() - this.settings.rememberMs);
      return forgotten > 0 ? "more" : "done";
    });
  }
}
