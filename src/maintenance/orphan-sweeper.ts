import { Rounds } from "../background/rounds.js";
import type { Progress, Worker } from "../background/worker.js";
import type { Blobs, StoredBlob } from "../blobs/blobs.js";
import type { Catalog } from "../catalog/catalog.js";
import type { Clock } from "../model/clock.js";

export const ORPHAN_SWEEPER_DEFAULTS = {
  /** From the end of one sweep to the beginning of the next, ms. */
  intervalMs: 3_600_000,
  /** Blobs judged in one step. */
  batch: 256,
};

interface SweeperLog {
  info(fields: object, message: string): void;
}

/**
 * Sets staged bytes aside that no row links: those of a process that ended after the bytes were written, and those whose
 * removal failed. They may also be those of rows that the catalog has lost, which nobody can tell: so they are kept in
 * quarantine for a while. Blobs whose row may be about to be written are not listed.
 */
export class OrphanSweeper implements Worker {
  readonly name = "orphan-sweeper";
  private readonly settings: typeof ORPHAN_SWEEPER_DEFAULTS;
  private found = 0;
  private sweep: AsyncIterator<StoredBlob> | undefined;
  private readonly rounds: Rounds;

  constructor(
    private readonly components: {
      readonly catalog: Pick<Catalog, "orphans">;
      readonly blobs: Blobs;
      readonly clock: Clock;
      readonly log?: SweeperLog;
    },
    settings: Partial<typeof ORPHAN_SWEEPER_DEFAULTS> = {},
  ) {
    this.settings = { ...ORPHAN_SWEEPER_DEFAULTS, ...settings };
    this.rounds = new Rounds(components.clock, this.settings.intervalMs);
  }

  step(signal?: AbortSignal): Promise<Progress> {
    return this.rounds.step(() => this.judgeBatch(signal));
  }

  private async judgeBatch(signal?: AbortSignal): Promise<"more" | "done"> {
    const { catalog, blobs } = this.components;
    this.sweep ??= blobs.list()[Symbol.asyncIterator]();
    const candidates = await this.take(this.sweep, signal);
    if (candidates.length > 0) {
      const orphans = await catalog.orphans(candidates.map((blob) => blob.id));
      await blobs.quarantine.add(orphans);
      this.found += orphans.length;
    }
    if (candidates.length === this.settings.batch) return "more";
    this.sweep = undefined;
    if (this.found > 0)
      this.components.log?.info({ blobs: this.found }, "staged blobs that no object needs are in quarantine now");
    this.found = 0;
    return "done";
  }

  /** The next blobs of the sweep. Fewer if the signal aborts: a slow disk must not delay the end of the process. */
  private async take(sweep: AsyncIterator<StoredBlob>, signal?: AbortSignal): Promise<StoredBlob[]> {
    const taken: StoredBlob[] = [];
    try {
      while (taken.length < this.settings.batch && signal?.aborted !== true) {
        const next = await sweep.next();
        if (next.done === true) break;
        taken.push(next.value);
      }
    } catch (error) {
      // After a failure the next step starts the list again.
      this.sweep = undefined;
      throw error;
    }
    return taken;
  }
}
