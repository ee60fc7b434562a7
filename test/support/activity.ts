import { settle } from "./manual-clock.js";

/**
 * Knows when nothing is under way any more, so that virtual time passes only then: however long a disk or a thread
 * takes on a busy machine, no deadline comes nearer by it. It sees calls of the parts that it has wrapped.
 */
export class Activity {
  private begun = 0;
  private readonly running = new Set<Promise<unknown>>();

  /** `waiting`: methods that wait for time to pass themselves, which nobody may wait for. */
  constructor(private readonly waiting: ReadonlySet<string> = new Set()) {}

  /** The part, and the parts in it, with their calls counted. */
  wrap<T extends object>(part: T): T {
    return new Proxy(part, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof name !== "string") return value;
        if (typeof value === "object" && value !== null) return this.wrap(value);
        if (typeof value !== "function") return value;
        const method = (value as (...args: unknown[]) => unknown).bind(target);
        return this.waiting.has(name) ? method : (...args: unknown[]) => this.watch(method(...args));
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

  private watch(answer: unknown): unknown {
    if (!(answer instanceof Promise)) return answer;
    this.begun++;
    this.running.add(answer);
    const ended = () => void this.running.delete(answer);
    answer.then(ended, ended);
    return answer;
  }
}
