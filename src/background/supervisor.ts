import { setMaxListeners } from "node:events";
import type { Logger } from "pino";
import { backoffMs } from "../async/backoff.js";
import type { Clock } from "../model/clock.js";
import type { Progress, Worker } from "./worker.js";

export interface SupervisorComponents {
  readonly clock: Clock;
  readonly log: Pick<Logger, "warn">;
}

export interface SupervisorSettings {
  /** Wait after a worker's first failed step; it doubles with each further one … */
  readonly retryMinMs: number;
  /** … up to this. */
  readonly retryMaxMs: number;
}

export const SUPERVISOR_DEFAULTS: SupervisorSettings = { retryMinMs: 1_000, retryMaxMs: 60_000 };

/** What metrics and the admin endpoint show of one worker. */
export interface WorkerStatus {
  readonly name: string;
  /** Steps that may run at the same time. */
  readonly concurrency: number;
  /** Steps running now. */
  readonly running: number;
  /** Steps ended since start, failed ones included. */
  readonly steps: number;
  readonly failures: number;
  /** Text of the latest failure, until a step of this worker succeeds again. */
  readonly lastFailure?: string;
}

/** A worker and its loops: each loop calls `step` again and again, so `concurrency` of them run at once. */
interface Team {
  readonly worker: Worker;
  readonly concurrency: number;
  running: number;
  steps: number;
  failures: number;
  lastFailure: string | undefined;
  /** Calls of `wake` so far. A loop does not sleep after a step during which this number grew. */
  wakes: number;
  /** Ends the sleep of every loop of this team. */
  readonly sleepers: Set<AbortController>;
}

/**
 * Runs workers until told to drain. Waking, waiting, backing off after failures and shutting down are written once,
 * here; a worker only knows how to do one step.
 */
export class Supervisor {
  private readonly clock: Clock;
  private readonly log: Pick<Logger, "warn">;
  private readonly settings: SupervisorSettings;
  private readonly teams = new Map<string, Team>();
  private readonly loops = new Set<Promise<void>>();
  /** Aborted when steps must end at once. */
  private readonly abort = new AbortController();
  private draining = false;

  constructor(components: SupervisorComponents, settings: Partial<SupervisorSettings> = {}) {
    this.clock = components.clock;
    this.log = components.log;
    this.settings = { ...SUPERVISOR_DEFAULTS, ...settings };
    // Every running step may listen to it; how many run is bounded by the workers' concurrency.
    setMaxListeners(0, this.abort.signal);
  }

  /** Starts `concurrency` loops of this worker. A name can be taken once; nothing starts after `drain`. */
  add(worker: Worker, concurrency = 1): void {
    if (this.draining) throw new Error("the supervisor is draining");
    if (this.teams.has(worker.name)) throw new Error(`there is a worker named ${worker.name} already`);
    if (!Number.isInteger(concurrency) || concurrency < 1)
      throw new RangeError(`the concurrency of a worker is a whole number from 1, not ${concurrency}`);
    const team: Team = {
      worker,
      concurrency,
      running: 0,
      steps: 0,
      failures: 0,
      lastFailure: undefined,
      wakes: 0,
      sleepers: new Set(),
    };
    this.teams.set(worker.name, team);
    for (let n = 0; n < concurrency; n++) {
      const loop = this.run(team).finally(() => this.loops.delete(loop));
      this.loops.add(loop);
    }
  }

  /** Makes a waiting worker step now. One that is stepping steps again without waiting. Unknown names are ignored. */
  wake(name: string): void {
    const team = this.teams.get(name);
    if (!team) return;
    team.wakes++;
    for (const sleeper of team.sleepers) sleeper.abort();
  }

  status(): WorkerStatus[] {
    return [...this.teams.values()].map(({ worker, concurrency, running, steps, failures, lastFailure }) => ({
      name: worker.name,
      concurrency,
      running,
      steps,
      failures,
      ...(lastFailure !== undefined && { lastFailure }),
    }));
  }

  /**
   * Begins no further step, waits up to `finishMs` for those that run, then aborts their signal and waits up to
   * `abortMs` more. Resolves with the names of the workers whose steps still run: none, if all react to their signals.
   */
  async drain(finishMs: number, abortMs: number): Promise<string[]> {
    this.draining = true;
    for (const team of this.teams.values()) for (const sleeper of team.sleepers) sleeper.abort();
    await this.ended(finishMs);
    this.abort.abort(new Error("shutting down"));
    await this.ended(abortMs);
    return this.status()
      .filter(({ running }) => running > 0)
      .map(({ name }) => name);
  }

  /** Resolves when all loops have ended, or after `ms`. */
  private async ended(ms: number): Promise<void> {
    if (this.loops.size === 0) return;
    const timeout = new AbortController();
    await Promise.race([Promise.all([...this.loops]), this.clock.sleep(ms, timeout.signal).catch(() => undefined)]);
    timeout.abort();
  }

  private async run(team: Team): Promise<void> {
    let failuresInRow = 0;
    while (!this.draining) {
      const wakes = team.wakes;
      try {
        const progress = await this.step(team);
        failuresInRow = 0;
        if (progress.kind === "idle") await this.sleep(team, wakes, progress.until);
      } catch (error) {
        if (this.abort.signal.aborted) return;
        const { retryMinMs: minMs, retryMaxMs: maxMs } = this.settings;
        const delay = backoffMs({ minMs, maxMs }, ++failuresInRow);
        this.log.warn({ err: error, worker: team.worker.name, retryMs: delay }, "a background step failed");
        // A wake during the back-off takes effect after it: events must not turn a failing worker into a busy loop.
        await this.pause(team, delay);
      }
    }
  }

  private async step(team: Team): Promise<Progress> {
    team.running++;
    try {
      const progress = await team.worker.step(this.abort.signal);
      team.lastFailure = undefined;
      return progress;
    } catch (error) {
      if (!this.abort.signal.aborted) {
        team.failures++;
        team.lastFailure = error instanceof Error ? error.message : String(error);
      }
      throw error;
    } finally {
      team.running--;
      team.steps++;
    }
  }

  /** Until `wake` or `until`; not at all when a wake came during the step. */
  private async sleep(team: Team, wakesBefore: number, until: number | undefined): Promise<void> {
    if (team.wakes !== wakesBefore || this.isDraining()) return;
    const sleeper = new AbortController();
    team.sleepers.add(sleeper);
    const ms = until === undefined ? Number.MAX_SAFE_INTEGER : until - this.clock.now();
    // It rejects only when the sleeper is woken.
    await this.clock.sleep(ms, sleeper.signal).catch(() => undefined);
    team.sleepers.delete(sleeper);
  }

  /** A wait that `wake` does not end, but `drain` does. */
  private async pause(team: Team, ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    while (!this.isDraining() && this.clock.now() < end) await this.sleep(team, team.wakes, end);
  }

  /** A method, because the compiler would take the value to be unchanged across an await. */
  private isDraining(): boolean {
    return this.draining;
  }
}
