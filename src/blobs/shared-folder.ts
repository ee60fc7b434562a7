import { mkdir, open, opendir, rm, rmdir, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../model/clock.js";
import type { BlobId } from "../model/object.js";
import { newBlobName } from "./blob-id.js";
import { Since } from "./fresh-blobs.js";
import { isMissing } from "./missing.js";
import { type HoldNotes, SharedHolds } from "./shared-holds.js";

export const SHARED_FOLDER_DEFAULTS = {
  /** A new blob may be linked for so long after it was written or made young, ms. */
  linkMs: 5 * 60_000,
  /** A pack whose blobs were all removed goes when nothing was appended to it for so long, ms: longer than `linkMs`. */
  removeMs: 10 * 60_000,
  /** Only blobs that are older are swept, ms. */
  sweepMs: 3_600_000,
  /** A writer that gave no sign of life for so long has ended: what it left unfinished goes, ms. */
  leftoverMs: 15 * 60_000,
  /** A backup's hold counts for so long after it was made young, ms. */
  holdMs: 120_000,
  /** How often a process looks for holds, at least, while it removes, ms. */
  holdLookMs: 2_000,
  /** Between two rounds of upkeep, ms; 0: they are only run by hand. */
  upkeepMs: 30_000,
};

export interface SharedFolderSettings extends Partial<typeof SHARED_FOLDER_DEFAULTS> {
  readonly clock: Clock;
  /** Those of the blobs that the catalog does not link. */
  readonly orphans: (ids: readonly BlobId[]) => Promise<BlobId[]>;
  /** Told of upkeep that failed; it is tried again. */
  readonly onFault?: (error: unknown) => void;
}

/** A measurement of the file system's clock is used for so long, ms. An old one makes things look younger: that is safe. */
const CLOCK_FRESH_MS = 5_000;
const PROBE = "clock";

/**
 * What several processes need that write to one folder of blobs, on one machine or many. Each has a folder of its own for
 * what is unfinished. Ages are told by the file system's own clock, which is the time of a file that was just written there:
 * the clocks of the machines may differ.
 */
export class SharedFolder {
  readonly settings: typeof SHARED_FOLDER_DEFAULTS & SharedFolderSettings;
  /** Names this process in the folder. */
  readonly writer = newBlobName();
  /** Where this process writes what is unfinished. */
  readonly unfinished: string;
  readonly holds: SharedHolds;
  private signing: Promise<number> | undefined;
  private measured: { readonly at: number; readonly since: Since } | undefined;

  private constructor(
    private readonly folder: string,
    settings: SharedFolderSettings,
  ) {
    this.settings = { ...SHARED_FOLDER_DEFAULTS, ...settings };
    this.unfinished = join(folder, "unfinished", this.writer);
    this.holds = new SharedHolds(this.holdNotes(), this.settings);
  }

  /** `folder` must exist. */
  static async open(folder: string, settings: SharedFolderSettings): Promise<SharedFolder> {
    const shared = new SharedFolder(folder, settings);
    await mkdir(join(folder, "holds"), { recursive: true });
    await shared.signOfLife();
    await shared.removeLeftovers();
    return shared;
  }

  /** Milliseconds since 1970 by the file system's clock. */
  async now(): Promise<number> {
    const { measured } = this;
    return measured && measured.since.ms < CLOCK_FRESH_MS ? measured.at : this.signOfLife();
  }

  /**
   * Writes a file into this process's folder, which makes the folder young. Returns the time by the file system. Calls at one
   * time share one file, since each begins by removing it.
   */
  signOfLife(): Promise<number> {
    return (this.signing ??= this.writeProbe().finally(() => (this.signing = undefined)));
  }

  private async writeProbe(): Promise<number> {
    const since = new Since();
    const path = join(this.unfinished, PROBE);
    await mkdir(this.unfinished, { recursive: true });
    await rm(path, { force: true });
    const probe = await open(path, "w");
    try {
      // On some network file systems a file has the client's time until bytes have reached the server.
      await probe.write("x");
      await probe.sync();
    } finally {
      await probe.close();
    }
    const at = (await stat(path)).mtimeMs;
    this.measured = { at, since };
    return at;
  }

  /** Whether a file was last written more than `ms` ago; undefined if there is none. */
  async isOlder(path: string, ms: number): Promise<boolean | undefined> {
    const now = await this.now();
    try {
      return now - (await stat(path)).mtimeMs > ms;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** Makes a file young. Resolves false if it is missing. */
  async touch(path: string): Promise<boolean> {
    const now = (await this.now()) / 1000;
    try {
      await utimes(path, now, now);
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  /** Removes what processes that have ended did not finish. */
  async removeLeftovers(): Promise<void> {
    for await (const { name } of await opendir(join(this.folder, "unfinished"))) {
      const path = join(this.folder, "unfinished", name);
      if (path === this.unfinished || (await this.isOlder(path, this.settings.leftoverMs)) !== true) continue;
      await rm(path, { recursive: true, force: true });
    }
  }

  /** One round: a sign of life, and what is held stays so. */
  async upkeep(): Promise<void> {
    await this.signOfLife();
    await this.holds.renew();
    await this.removeLeftovers();
  }

  private holdNotes(): HoldNotes {
    const folder = join(this.folder, "holds");
    const { holdMs } = this.settings;
    const isOlder = (name: string) => this.isOlder(join(folder, name), holdMs);
    return {
      make: async (name) => {
        const path = join(folder, name);
        if (!(await this.touch(path))) await (await open(path, "a")).close();
      },
      drop: (name) => rm(join(folder, name), { force: true }),
      async *found() {
        for await (const { name } of await opendir(folder)) {
          const old = await isOlder(name);
          if (old !== undefined) yield { name, old };
        }
      },
    };
  }

  async close(): Promise<void> {
    await this.holds.close();
    await rm(join(this.unfinished, PROBE), { force: true });
    // Not if a write is still unfinished.
    await rmdir(this.unfinished).catch(() => undefined);
  }
}
