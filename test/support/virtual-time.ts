import { ManualClock, settle } from "./manual-clock.js";

export interface VirtualTimeSettings {
  /** So much passes at once. */
  readonly stepMs: number;
  /** Methods of watched parts that wait for time to pass themselves: nothing can wait for them. */
  readonly waiting?: ReadonlySet<string>;
}

/**
 * Time that passes while the test waits, and only when nothing is under way any more: however long a disk or a thread
 * takes on a busy machine, no deadline comes nearer by it. It sees calls of the parts that it watches.
 */
export class VirtualTime {
  readonly clock = new ManualClock();
  private begun = 0;
  private readonly running = new Set<Promise<unknown>>();

  constructor(private readonly settings: VirtualTimeSettings) {}

  /** The part, and the parts in it, with their calls watched. */
  watch<T extends object>(part: T): T {
    return new Proxy(part, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof name !== "string") return value;
        if (typeof value === "object" && value !== null) return this.watch(value);
        if (typeof value !== "function") return value;
        const method = (value as (...args: unknown[]) => unknown).bind(target);
        if (this.settings.waiting?.has(name)) return method;
        // The same part again.
        if (name === "fenced") return (...args: unknown[]) => this.watch(method(...args) as object);
        return (...args: unknown[]) => this.note(method(...args));
      },
    });
  }

  /** Resolves when everything that can go on without time passing has come to its end. */
  async quiet(): Promise<void> {
    for (let seen = -1; seen !== this.begun;) {
      seen = this.begun;
      await Promise.allSettled(this.running);
      await settle();
    }
  }

  /** Lets time pass until the condition holds when all is quiet; fails with `what` after `limitMs`. */
  async until(
    what: string | (() => string),
    condition: () => boolean | Promise<boolean>,
    limitMs = Infinity,
  ): Promise<void> {
    const end = this.clock.now() + limitMs;
    for (;;) {
      await this.quiet();
      if (await condition()) return;
      if (this.clock.now() > end)
        throw new Error(`not within ${limitMs} ms: ${typeof what === "string" ? what : what()}`);
      await this.clock.advance(this.settings.stepMs);
    }
  }

  /** Lets time pass for as long as the work takes, and no longer. */
  async during<T>(work: Promise<T>): Promise<T> {
    let ended = false;
    const end = () => (ended = true);
    work.then(end, end);
    // What waits for no time at all is over before any passes.
    await this.quiet();
    await this.clock.advance(0);
    await this.until("the work ends", () => ended);
    return work;
  }

  async pass(steps: number): Promise<void> {
    for (let n = 0; n < steps; n++) {
      await this.quiet();
      await this.clock.advance(this.settings.stepMs);
    }
    await this.quiet();
  }

  private note(answer: unknown): unknown {
    if (!(answer instanceof Promise)) return answer;
    this.begun++;
    this.running.add(answer);
    const ended = () => void this.running.delete(answer);
    answer.then(ended, ended);
    return answer;
  }
}
