import { DomainError } from "../model/errors.js";

interface Waiting {
  start(): void;
  giveUp(reason: Error): void;
}

/**
 * Who may run next: at most `running` calls at a time, foreground before background, each in order of arrival. A full
 * queue makes callers wait; beyond `waiting` of them it refuses with a DomainError `overloaded`, since something is stuck.
 */
export class WorkQueue {
  private readonly foreground = new Set<Waiting>();
  private readonly background = new Set<Waiting>();
  private running = 0;
  private closed: Error | undefined;

  constructor(private readonly limits: { readonly running: number; readonly waiting: number }) {}

  get waiting(): number {
    return this.foreground.size + this.background.size;
  }

  /** Runs `work` when its turn comes. Rejects with the signal's reason when that comes first; running work goes on. */
  async run<T>(work: () => Promise<T>, priority: "foreground" | "background", signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    if (this.closed) throw this.closed;
    if (this.running < this.limits.running) this.running++;
    else await this.turn(priority === "foreground" ? this.foreground : this.background, signal);
    try {
      return await work();
    } finally {
      this.next();
    }
  }

  /** Rejects every call that waits, and all that come later, with `reason`. */
  close(reason: Error): void {
    this.closed = reason;
    for (const waiting of [...this.foreground, ...this.background]) waiting.giveUp(reason);
  }

  private turn(queue: Set<Waiting>, signal?: AbortSignal): Promise<void> {
    if (this.waiting >= this.limits.waiting)
      return Promise.reject(new DomainError({ kind: "overloaded" }, "too much work is waiting for the encoder"));
    return new Promise((resolve, reject) => {
      const abandon = () => waiting.giveUp(signal?.reason as Error);
      const leave = () => {
        queue.delete(waiting);
        signal?.removeEventListener("abort", abandon);
      };
      const waiting: Waiting = {
        start: () => {
          leave();
          resolve();
        },
        giveUp: (reason) => {
          leave();
          reject(reason);
        },
      };
      queue.add(waiting);
      signal?.addEventListener("abort", abandon, { once: true });
    });
  }

  /** Hands the finished call's place on, so that nobody can slip in between. */
  private next(): void {
    const queue = this.foreground.size > 0 ? this.foreground : this.background;
    const [waiting] = queue;
    if (!waiting) {
      this.running--;
      return;
    }
    waiting.start();
  }
}
