import type { Progress, Worker } from "../background/worker.js";
import type { Clock } from "../model/clock.js";

export interface BookKeeperComponents {
  /** The node book. */
  readonly registry: { save(): Promise<void> };
  readonly clock: Clock;
}

export interface BookKeeperSettings {
  /** What a crash forgets at most, in milliseconds. */
  readonly intervalMs: number;
}

export const BOOK_KEEPER_DEFAULTS: BookKeeperSettings = { intervalMs: 30_000 };

/** Keeps what was learned of storage nodes for the next process. */
export class RegistrySaver implements Worker {
  readonly name = "keep-node-book";
  private readonly settings: BookKeeperSettings;

  constructor(
    private readonly components: BookKeeperComponents,
    settings: Partial<BookKeeperSettings> = {},
  ) {
    this.settings = { ...BOOK_KEEPER_DEFAULTS, ...settings };
  }

  async step(): Promise<Progress> {
    await this.components.registry.save();
    return { kind: "idle", until: this.components.clock.now() + this.settings.intervalMs };
  }
}
