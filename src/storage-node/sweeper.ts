import type { Clock } from "../model/clock.js";
import type { Fid, Hash } from "../model/hash.js";
import type { Custody } from "./custody.js";
import type { FragmentStore } from "./fragment-store.js";
import type { Logger } from "./logger.js";

export interface SweeperComponents {
  readonly store: FragmentStore;
  readonly custody: Custody;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface SweeperSettings {
  /** From the end of one walk through the store to the next. */
  readonly intervalMs: number;
  /** Between two FIDs of a walk, each of which asks the chain. */
  readonly pauseMs: number;
  /** How long a fragment must be of no use to the chain before it is dropped. A restart begins the time anew. */
  readonly graceMs: number;
  /** FIDs whose time is remembered; further ones wait until one of these is done. */
  readonly remembered: number;
}

export const sweeperDefaults: SweeperSettings = {
  intervalMs: 600_000,
  pauseMs: 50,
  graceMs: 3_600_000,
  remembered: 10_000,
};

/** Drops fragments that the chain no longer wants here: of deleted files, and of deals that others completed. */
export class Sweeper {
  private readonly settings: SweeperSettings;
  /** Since when a FID has had fragments of no use. */
  private readonly unwantedSince = new Map<Fid, number>();
  private readonly closing = new AbortController();
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly components: SweeperComponents,
    settings: Partial<SweeperSettings> = {},
  ) {
    this.settings = { ...sweeperDefaults, ...settings };
  }

  start(): void {
    this.loop = this.run();
  }

  /**
   * Begins a FID's grace period anew, because a gateway was just told that its fragment is held. To be called inside
   * `store.exclusive`.
   */
  spare(fid: Fid): void {
    this.unwantedSince.delete(fid);
  }

  async close(): Promise<void> {
    this.closing.abort(new Error("the storage node is closing"));
    await this.loop;
  }

  private async run(): Promise<void> {
    const { clock, logger } = this.components;
    while (!this.isClosing()) {
      try {
        await this.walk();
      } catch (error) {
        // Most likely the chain does not answer. In doubt nothing is dropped.
        if (!this.isClosing()) logger.warn({ error }, "a sweep ended early");
      }
      await clock.sleep(this.settings.intervalMs, this.closing.signal).catch(() => undefined);
    }
  }

  private isClosing(): boolean {
    return this.closing.signal.aborted;
  }

  private async walk(): Promise<void> {
    for await (const fid of this.components.store.fids()) {
      await this.components.clock.sleep(this.settings.pauseMs, this.closing.signal);
      if ((await this.unwanted(fid)).length === 0) this.unwantedSince.delete(fid);
      else await this.consider(fid);
    }
  }

  private async consider(fid: Fid): Promise<void> {
    const { clock, store, logger } = this.components;
    const since = this.unwantedSince.get(fid);
    if (since === undefined && this.unwantedSince.size < this.settings.remembered)
      this.unwantedSince.set(fid, clock.now());
    if (since === undefined || clock.now() - since < this.settings.graceMs) return;
    await store.exclusive(fid, async () => {
      // Spared, or declared again, since it was checked.
      const unwanted = this.unwantedSince.has(fid) ? await this.unwanted(fid) : [];
      this.unwantedSince.delete(fid);
      if (unwanted.length === 0) return;
      await store.remove(fid, unwanted);
      logger.info({ fid, fragments: unwanted.length }, "dropped fragments the chain has no use for");
    });
  }

  private async unwanted(fid: Fid): Promise<Hash[]> {
    const held = await this.components.store.hashes(fid);
    const kept = await this.components.custody.keeps(fid);
    return kept === "all" ? [] : [...held].filter((hash) => !kept.has(hash));
  }
}
