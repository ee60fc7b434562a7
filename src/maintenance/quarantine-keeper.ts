import type { Progress, Worker } from "../background/worker.js";
import type { Blobs, QuarantinedFile } from "../blobs/blobs.js";
import type { Catalog } from "../catalog/catalog.js";
import type { Clock } from "../model/clock.js";

export interface QuarantineKeeperComponents {
  readonly catalog: Pick<Catalog, "orphans">;
  readonly blobs: Pick<Blobs, "quarantine" | "free">;
  readonly clock: Clock;
}

export const QUARANTINE_DEFAULTS = {
  /** Files are removed after so long in quarantine, ms … */
  keepMs: 7 * 24 * 3_600_000,
  /** … or earlier, the oldest first, while fewer bytes than this are free on the disk. */
  minFreeBytes: 1024 ** 3,
  /** Between two looks, ms. */
  intervalMs: 10_000,
  /** Files judged in one step. */
  batch: 64,
};

/** Removes from quarantine what was there for days, or what the disk has no room for. */
export class QuarantineKeeper implements Worker {
  readonly name = "quarantine";
  private readonly settings: typeof QUARANTINE_DEFAULTS;

  constructor(
    private readonly components: QuarantineKeeperComponents,
    settings: Partial<typeof QUARANTINE_DEFAULTS> = {},
  ) {
    this.settings = { ...QUARANTINE_DEFAULTS, ...settings };
  }

  async step(): Promise<Progress> {
    const { blobs, clock } = this.components;
    const { keepMs, minFreeBytes, intervalMs, batch } = this.settings;
    const files = await blobs.quarantine.files();
    for (const file of files.slice(0, batch)) {
      const due = file.since + keepMs <= clock.now() || (await blobs.free()) < minFreeBytes;
      if (!due) return { kind: "idle", until: clock.now() + intervalMs };
      if (!(await putBackIfLinked(this.components, file))) await blobs.quarantine.discard(file.name);
    }
    return files.length > batch ? { kind: "busy" } : { kind: "idle", until: clock.now() + intervalMs };
  }
}

/**
 * Puts back what the catalog links after all: a newer one was restored. To be called before anything is read from staging.
 * Returns how many files were put back.
 */
export async function putBackLinked(components: Omit<QuarantineKeeperComponents, "clock">): Promise<number> {
  let count = 0;
  for (const file of await components.blobs.quarantine.files()) if (await putBackIfLinked(components, file)) count++;
  return count;
}

async function putBackIfLinked(
  { catalog, blobs: { quarantine } }: Omit<QuarantineKeeperComponents, "clock">,
  { name }: QuarantinedFile,
): Promise<boolean> {
  const blobs = await quarantine.blobs(name);
  if (blobs.length === 0 || (await catalog.orphans(blobs)).length === blobs.length) return false;
  await quarantine.putBack(name);
  return true;
}
