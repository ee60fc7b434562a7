import type { HealthCheck } from "../../admin/health.js";
import type { Progress, Worker } from "../../background/worker.js";
import type { GatewayCatalog } from "../../catalog/catalog.js";
import { ConfigError } from "../../config/config-error.js";
import type { Clock } from "../../model/clock.js";

const INTERVAL_MS = 30_000;
/** Questions of one measurement: the one that was answered soonest says most. */
const QUESTIONS = 3;

export interface DatabaseClockComponents {
  readonly clock: Pick<Clock, "now">;
  readonly gateways: Pick<GatewayCatalog, "time">;
}

/**
 * Whether this machine's clock shows what the database's does: until when a job or a lock is somebody's is a time that one
 * gateway writes and others compare. Says nothing where the database is a file of this machine.
 */
export class DatabaseClockCheck implements HealthCheck, Worker {
  readonly name = "database-clock";
  /** Milliseconds that this machine is ahead, at least; negative when it is behind. Undefined: not known. */
  private ahead: number | undefined;

  /** `limitMs`: a difference that is more is refused. */
  constructor(
    private readonly components: DatabaseClockComponents,
    private readonly settings: { readonly limitMs: number },
  ) {}

  get aheadMs(): number | undefined {
    return this.ahead;
  }

  /** At the start. Rejects with ConfigError. */
  async require(): Promise<void> {
    await this.look();
    const reason = this.reason();
    if (reason !== undefined) throw new ConfigError(reason, { key: "gateway.clockSeconds" });
  }

  async step(): Promise<Progress> {
    // While the catalog is away its own check says so.
    await this.look().catch(() => undefined);
    return { kind: "idle", until: this.components.clock.now() + INTERVAL_MS };
  }

  reason(): string | undefined {
    const { limitMs } = this.settings;
    if (this.ahead === undefined || Math.abs(this.ahead) <= limitMs) return undefined;
    const seconds = Math.round(Math.abs(this.ahead) / 100) / 10;
    return (
      `this machine's clock is ${seconds} s ${this.ahead > 0 ? "ahead of" : "behind"} the clock of the catalog's database, ` +
      `and gateway.clockSeconds allows ${limitMs / 1000}: gateways would take each other's jobs too early or too late. Set ` +
      "the clocks of both, by NTP for instance"
    );
  }

  /** What the answer's way may account for is not counted. */
  private async look(): Promise<void> {
    const { clock, gateways } = this.components;
    let best: { readonly ms: number; readonly ahead: number } | undefined;
    for (let asked = 0; asked < QUESTIONS; asked++) {
      const before = clock.now();
      const time = await gateways.time();
      if (time === undefined) return;
      const after = clock.now();
      const ms = Math.max(0, after - before);
      if (!best || ms < best.ms) best = { ms, ahead: (before + after) / 2 - time };
    }
    if (!best) return;
    const sure = Math.max(0, Math.abs(best.ahead) - best.ms / 2);
    this.ahead = Math.sign(best.ahead) * sure;
  }
}
