import type { Clock } from "../model/clock.js";

/** One thing that must be well for the gateway to take requests. */
export interface HealthCheck {
  /** A word in lower case, such as `chain`: it names the check in answers, metrics and alerts. */
  readonly name: string;
  /** Why the gateway is not ready, for people: what, where, and what to do. Undefined when all is well. Costs nothing. */
  reason(): string | undefined;
  /** What an operator should know although the gateway is ready, in the same way. */
  warning?(): string | undefined;
}

/** What a check has found. */
export interface Finding {
  readonly check: string;
  readonly reason: string;
  /** When it was first seen, ISO 8601. */
  readonly since: string;
}

export interface HealthLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

type Severity = "unready" | "warning";

const BEGAN: Readonly<Record<Severity, string>> = {
  unready: "the gateway is not ready",
  warning: "something needs attention",
};
const ENDED: Readonly<Record<Severity, string>> = {
  unready: "what kept the gateway from being ready is over",
  warning: "what needed attention is over",
};

/**
 * Whether the gateway is ready, and if not, why and since when. Each trouble is logged when it is first seen and when it
 * is over: somebody must look for that, and be it every second.
 */
export class Health {
  /** By severity and check: ms since 1970. */
  private readonly since = new Map<string, number>();

  constructor(
    private readonly clock: Clock,
    private readonly checks: readonly HealthCheck[],
    private readonly log?: HealthLog,
  ) {}

  /** Why the gateway is not ready; empty when it is. */
  unready(): Finding[] {
    return this.findings("unready", (check) => check.reason());
  }

  /** What needs attention, and keeps nobody from being served. */
  warnings(): Finding[] {
    return this.findings("warning", (check) => check.warning?.());
  }

  private findings(severity: Severity, ask: (check: HealthCheck) => string | undefined): Finding[] {
    return this.checks.flatMap((check) => {
      const reason = ask(check);
      const key = `${severity} ${check.name}`;
      const known = this.since.get(key);
      if (reason === undefined) {
        if (known !== undefined) {
          this.since.delete(key);
          const seconds = Math.round((this.clock.now() - known) / 1000);
          this.log?.info({ check: check.name, seconds }, ENDED[severity]);
        }
        return [];
      }
      const since = known ?? this.clock.now();
      if (known === undefined) {
        this.since.set(key, since);
        this.log?.warn({ check: check.name, reason }, BEGAN[severity]);
      }
      return [{ check: check.name, reason, since: new Date(since).toISOString() }];
    });
  }
}
