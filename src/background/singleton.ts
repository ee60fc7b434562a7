import { setMaxListeners } from "node:events";
import { onAbort } from "../async/abort.js";
import { type LeasedLocks, whileLocked } from "../async/kept-lease.js";
import type { Clock } from "../model/clock.js";
import { LeaseLost } from "../model/lease-lost.js";
import type { Progress, Worker } from "./worker.js";

export interface SingletonComponents<Lock> {
  readonly locks: LeasedLocks<Lock>;
  readonly clock: Clock;
  readonly log: { warn(fields: object, message: string): void };
}

/**
 * Lets one of all gateways run a worker: the one that has the lock of its name. It keeps that between steps, until the
 * supervisor ends; the others look three times a lease whether it is free.
 */
export class Singleton<Lock extends { readonly name: string }> {
  private holding: { readonly lock: Lock; readonly signal: AbortSignal } | undefined;

  constructor(
    private readonly name: string,
    private readonly components: SingletonComponents<Lock>,
    private readonly settings: { readonly leaseMs: number },
  ) {}

  /** The lock, which the worker's writes are to be checked against. Throws LeaseLost while another gateway has it. */
  readonly held = (): Lock => {
    if (!this.holding) throw new LeaseLost(`the lock ${this.name}`, false);
    return this.holding.lock;
  };

  /** Whether this gateway runs the worker. */
  get isHeld(): boolean {
    return this.holding !== undefined;
  }

  /** The worker of which one steps. */
  run(worker: Worker): Worker {
    return { name: worker.name, step: (signal) => this.step(worker, signal) };
  }

  private async step(worker: Worker, signal: AbortSignal): Promise<Progress> {
    const holding = this.holding ?? (await this.acquire(signal));
    if (!holding) return this.later();
    try {
      return await worker.step(holding.signal);
    } catch (error) {
      if (signal.aborted || !(error instanceof LeaseLost)) throw error;
      return this.later();
    }
  }

  private later(): Progress {
    return { kind: "idle", until: this.components.clock.now() + this.settings.leaseMs / 3 };
  }

  private async acquire(signal: AbortSignal): Promise<typeof this.holding> {
    const lock = await this.components.locks.acquire(this.name, this.settings.leaseMs);
    if (lock) void this.hold(lock, signal);
    return this.holding;
  }

  /** Until it is lost, or the supervisor's signal aborts. */
  private async hold(lock: Lock, signal: AbortSignal): Promise<void> {
    const held = (ending: AbortSignal) => {
      setMaxListeners(0, ending);
      this.holding = { lock, signal: ending };
      const ended = new Promise<void>((_resolve, reject) => onAbort(ending, reject));
      return ended.finally(() => (this.holding = undefined));
    };
    const { leaseMs } = this.settings;
    await whileLocked(this.components, { lock, leaseMs }, signal, held).catch((error: unknown) => {
      if (error instanceof LeaseLost)
        this.components.log.warn({ lock: lock.name }, "another gateway does this worker's work now");
    });
  }
}
