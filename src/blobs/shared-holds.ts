import { randomUUID } from "node:crypto";
import type { Clock } from "../model/clock.js";
import { Since } from "./fresh-blobs.js";

/** Where holds are noted for all processes, each by a name that is looked at for a while after it was made or renewed. */
export interface HoldNotes {
  /** Makes it, or makes it young. */
  make(name: string): Promise<void>;
  drop(name: string): Promise<void>;
  /** `old`: it does not count any more. */
  found(): AsyncIterable<{ readonly name: string; readonly old: boolean }>;
}

export interface SharedHoldsSettings {
  readonly clock: Clock;
  /** How often a process looks for holds, at least, while it removes, ms. */
  readonly holdLookMs: number;
}

/** Holds that keep all processes from removing blobs: a backup is reading them. */
export class SharedHolds {
  private readonly own = new Set<string>();
  private looked: { readonly held: boolean; readonly since: Since } | undefined;

  constructor(
    private readonly notes: HoldNotes,
    private readonly settings: SharedHoldsSettings,
  ) {}

  /** Returns the function that ends it, which never rejects. Resolves when all know of it. */
  async hold(): Promise<() => Promise<void>> {
    const name = randomUUID();
    await this.notes.make(name);
    this.own.add(name);
    // Until then another process may remove by what it saw before.
    await this.settings.clock.sleep(2 * this.settings.holdLookMs);
    return async () => {
      this.own.delete(name);
      // It ends by itself.
      await this.notes.drop(name).catch(() => undefined);
      this.looked = undefined;
    };
  }

  /** Whether a process holds removals. */
  async isHeld(): Promise<boolean> {
    if (this.own.size > 0) return true;
    if (this.looked && this.looked.since.ms < this.settings.holdLookMs) return this.looked.held;
    const since = new Since();
    let held = false;
    for await (const { name, old } of this.notes.found()) {
      if (old) await this.notes.drop(name);
      else held = true;
    }
    this.looked = { held, since };
    return held;
  }

  /** Those of this process stay. */
  async renew(): Promise<void> {
    for (const name of this.own) await this.notes.make(name);
  }

  async close(): Promise<void> {
    await Promise.all([...this.own].map((name) => this.notes.drop(name)));
    this.own.clear();
  }
}
