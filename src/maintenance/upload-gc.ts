import type { Progress, Worker } from "../background/worker.js";
import type { Catalog } from "../catalog/catalog.js";
import type { Clock } from "../model/clock.js";

export const UPLOAD_FORGETTER_DEFAULTS = {
  /** How long a completed or aborted upload is remembered for clients that repeat their request, ms. */
  rememberMs: 7 * 24 * 3_600_000,
  /** Between two rounds, ms. */
  intervalMs: 3_600_000,
};

/** Forgets uploads that ended long ago. */
export class UploadGc implements Worker {
  readonly name = "upload-forgetter";
  private readonly settings: typeof UPLOAD_FORGETTER_DEFAULTS;
  private nextAt = 0;

  constructor(
    private readonly components: { readonly catalog: Pick<Catalog, "uploads">; readonly clock: Clock },
    settings: Partial<typeof UPLOAD_FORGETTER_DEFAULTS> = {},
  ) {
    this.settings = { ...UPLOAD_FORGETTER_DEFAULTS, ...settings };
  }

  async step(): Promise<Progress> {
    const { catalog, clock } = this.components;
    if (clock.now() < this.nextAt) return { kind: "idle", until: this.nextAt };
    const forgotten = await catalog.uploads.forget(clock.now() - this.settings.rememberMs);
    if (forgotten > 0) return { kind: "busy" };
    this.nextAt = clock.now() + this.settings.intervalMs;
    return { kind: "idle", until: this.nextAt };
  }
}
