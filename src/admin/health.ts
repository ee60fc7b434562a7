import type { Clock } from "../model/clock.js";

/** One thing that must be well for the gateway to take requests. */
export interface HealthCheck {
  /** A word in lower case, such as `chain`: it names the check in answers, metrics and alerts. */
  readonly name: string;
  /** Why the gateway is not ready, for people: what, where, and what to do. Undefined when all is well. Costs nothing. */
  reason(): string | undefined;
}

export interface Unready {
  readonly check: string;
  readonly reason: string;
  /** When it was first seen, ISO 8601. */
  readonly since: string;
}

/** Whether the gateway is ready, and if not, why and since when. */
export class Health {
  private readonly since = new Map<string, number>();

  constructor(
    private readonly clock: Clock,
    private readonly checks: readonly HealthCheck[],
  ) {}

  /** Why the gateway is not ready; empty when it is. */
  unready(): Unready[] {
    return this.checks.flatMap((check) => {
      const reason = check.reason();
      if (reason === undefined) {
        this.since.delete(check.name);
        return [];
      }
      const since = this.since.get(check.name) ?? this.clock.now();
      this.since.set(check.name, since);
      return [{ check: check.name, reason, since: new Date(since).toISOString() }];
    });
  }
}
