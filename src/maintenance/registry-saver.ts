import type { Progress, Worker } from "../background/worker.js";
import type { Clock } from "../model/clock.js";

export interface RegistrySaverComponents {
  /** The node registry. */
  readonly registry: { save(): Promise<void> };
  readonly clock: Clock;
}

export interface RegistrySaverSettings {
  /** Time between two saves, in milliseconds. A crash loses what was learned since the last save. */
  readonly intervalMs: number;
}

export const REGISTRY_SAVER_DEFAULTS: RegistrySaverSettings = { intervalMs: 30_000 };

/** Saves what was learned of storage nodes, for the next process. */
export class RegistrySaver implements Worker {
  readonly name = "registry-saver";
  private readonly settings: RegistrySaverSettings;

  constructor(
    private readonly components: RegistrySaverComponents,
    settings: Partial<RegistrySaverSettings> = {},
  ) {
    this.settings = { ...REGISTRY_SAVER_DEFAULTS, ...settings };
  }

  async step(): Promise<Progress> {
    await this.components.registry.save();
    return { kind: "idle", until: this.components.clock.now() + this.settings.intervalMs };
  }
}
