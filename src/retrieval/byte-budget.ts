import { DomainError } from "../model/errors.js";

/** Callers that may wait before the next is refused. */
const MAX_WAITING = 1024;

interface Waiting {
  readonly bytes: number;
  start(): void;
}

/** Limits the bytes held at one time. First come, first served. What is taken must be given back. */
export class ByteBudget {
  private readonly queue = new Set<Waiting>();
  private usedBytes = 0;

  /** `capacity`: bytes. A larger single request counts as the whole capacity, so it can be granted. */
  constructor(private readonly capacity: number) {}

  get used(): number {
    return this.usedBytes;
  }

  /**
   * Takes the bytes without waiting and returns the function that gives them back; undefined when they are not free.
   */
  tryTake(bytes: number): (() => void) | undefined {
    const amount = Math.min(bytes, this.capacity);
    if (this.queue.size > 0 || this.usedBytes + amount > this.capacity) return undefined;
    this.usedBytes += amount;
    return this.giver(amount);
  }

  /** Waits for the bytes. Rejects with the signal's reason, or a DomainError `overloaded` when too many wait already. */
  async take(bytes: number, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    const taken = this.tryTake(bytes);
    if (taken) return taken;
    if (this.queue.size >= MAX_WAITING)
      throw new DomainError({ kind: "overloaded" }, "too many reads are waiting for memory");
    const amount = Math.min(bytes, this.capacity);
    await new Promise<void>((resolve, reject) => {
      const abandon = () => {
        this.queue.delete(waiting);
        reject(signal?.reason as Error);
        this.admit();
      };
      const waiting: Waiting = {
        bytes: amount,
        start: () => {
          signal?.removeEventListener("abort", abandon);
          resolve();
        },
      };
      this.queue.add(waiting);
      signal?.addEventListener("abort", abandon, { once: true });
    });
    return this.giver(amount);
  }

  private giver(amount: number): () => void {
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.usedBytes -= amount;
      this.admit();
    };
  }

  private admit(): void {
    for (const waiting of this.queue) {
      if (this.usedBytes + waiting.bytes > this.capacity) return;
      this.queue.delete(waiting);
      this.usedBytes += waiting.bytes;
      waiting.start();
    }
  }
}
