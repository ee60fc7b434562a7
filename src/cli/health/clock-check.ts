import type { HealthCheck } from "../../admin/health.js";
import type { Progress, Worker } from "../../background/worker.js";
import type { Clock } from "../../model/clock.js";
import { ChainUnavailable } from "../../network/chain/chain.js";

const MINUTE_MS = 60_000;

export interface ClockCheckComponents {
  readonly clock: Clock;
  readonly chain: {
    readonly connected: boolean;
    /** The time of the best block, ms since 1970; undefined where the runtime keeps none. */
    blockTime(): Promise<number | undefined>;
  };
}

export const CLOCK_CHECK_DEFAULTS = {
  intervalMs: 30_000,
  /** A difference from which on the operator is warned, ms … */
  warnMs: 5 * MINUTE_MS,
  /** … and from which on the gateway is not ready, ms: it would refuse all signatures. */
  unreadyMs: 15 * MINUTE_MS,
};
export type ClockCheckSettings = typeof CLOCK_CHECK_DEFAULTS & {
  /** The chain's block time, ms. */
  readonly blockMs: number;
};

/**
 * Whether this machine's clock is right, by the timestamps that the chain's validators agree on. Only a block that came
 * while the gateway ran says what time it is: the last one of a chain that stands still may be of any age.
 */
export class ClockCheck implements HealthCheck, Worker {
  readonly name = "clock";
  private readonly settings: ClockCheckSettings;
  private seen: number | undefined;
  /** Milliseconds that this machine is ahead; negative when it is behind. */
  private aheadMs: number | undefined;

  constructor(
    private readonly components: ClockCheckComponents,
    settings: Partial<ClockCheckSettings> & Pick<ClockCheckSettings, "blockMs">,
  ) {
    this.settings = { ...CLOCK_CHECK_DEFAULTS, ...settings };
  }

  async step(): Promise<Progress> {
    const { clock } = this.components;
    const { intervalMs, blockMs } = this.settings;
    await this.look();
    const pauseMs = this.aheadMs === undefined ? Math.min(intervalMs, Math.max(blockMs, 1_000)) : intervalMs;
    return { kind: "idle", until: clock.now() + pauseMs };
  }

  reason(): string | undefined {
    return this.isOff(this.settings.unreadyMs) ? this.text() : undefined;
  }

  warning(): string | undefined {
    return this.reason() === undefined && this.isOff(this.settings.warnMs) ? this.text() : undefined;
  }

  private async look(): Promise<void> {
    const { clock, chain } = this.components;
    if (!chain.connected) return;
    try {
      const time = await chain.blockTime();
      if (time === undefined) return;
      const isNew = this.seen !== undefined && time > this.seen;
      this.seen = time;
      if (isNew) this.aheadMs = clock.now() - time;
    } catch (error) {
      // The check of the chain says so.
      if (!(error instanceof ChainUnavailable)) throw error;
    }
  }

  private isOff(limitMs: number): boolean {
    return this.aheadMs !== undefined && Math.abs(this.aheadMs) >= limitMs;
  }

  private text(): string {
    const ahead = this.aheadMs ?? 0;
    const minutes = Math.round(Math.abs(ahead) / MINUTE_MS);
    return (
      `this machine's clock is ${minutes} minutes ${ahead > 0 ? "ahead of" : "behind"} the chain's: ` +
      "set it, by NTP for instance; clients' signatures are refused from 15 minutes on"
    );
  }
}
