import type { HealthCheck } from "../../admin/health.js";
import { after } from "../../async/timer.js";
import type { Progress, Worker } from "../../background/worker.js";
import type { Catalog } from "../../catalog/catalog.js";
import type { Clock } from "../../model/clock.js";

const INTERVAL_MS = 10_000;
/** How long the catalog may take to write a row and read it, ms. */
const DEADLINE_MS = 5_000;

export interface CatalogCheckComponents {
  readonly catalog: Pick<Catalog, "heartbeat">;
  /** Why the catalog is not the newest; undefined when it is. */
  readonly fault: () => string | undefined;
  readonly clock: Clock;
}

/** Whether the catalog is the newest, and writes and reads in time. */
export class CatalogCheck implements HealthCheck, Worker {
  readonly name = "catalog";
  private beating: Promise<void> | undefined;
  private trouble: string | undefined;

  constructor(private readonly components: CatalogCheckComponents) {}

  async step(): Promise<Progress> {
    const { clock } = this.components;
    // One that hangs is waited for: another one would hang behind it.
    const beating = (this.beating ??= this.beat().finally(() => (this.beating = undefined)));
    let cancel = (): void => undefined;
    const late = new Promise<void>((resolve) => {
      cancel = after(clock, DEADLINE_MS, () => {
        this.trouble = `no answer within ${DEADLINE_MS / 1000} s`;
        resolve();
      });
    });
    await Promise.race([beating, late]);
    cancel();
    return { kind: "idle", until: clock.now() + INTERVAL_MS };
  }

  reason(): string | undefined {
    const fault = this.components.fault();
    if (fault !== undefined || this.trouble === undefined) return fault;
    return `the catalog cannot be written: ${this.trouble}; check the disk, and restart the gateway if this does not end`;
  }

  private async beat(): Promise<void> {
    try {
      await this.components.catalog.heartbeat();
      this.trouble = undefined;
    } catch (error) {
      this.trouble = error instanceof Error ? error.message : String(error);
    }
  }
}
