import { DomainError } from "../model/errors.js";
import { Semaphore, SemaphoreFull } from "../async/semaphore.js";

/** Callers that may wait before the next is refused. */
const MAX_WAITING = 1024;

/** Limits the bytes held at one time. First come, first served. What is taken must be given back. */
export class ByteBudget {
  private readonly bytes: Semaphore;

  /** `capacity`: bytes. A larger single request counts as the whole capacity, so it can be granted. */
  constructor(capacity: number) {
    this.bytes = new Semaphore({ permits: capacity, waiting: MAX_WAITING });
  }

  get used(): number {
    return this.bytes.used;
  }

  /**
   * Takes the bytes without waiting and returns the function that gives them back; undefined when they are not free.
   */
  tryTake(bytes: number): (() => void) | undefined {
    return this.bytes.tryAcquire({ permits: bytes });
  }

  /** Waits for the bytes. Rejects with the signal's reason, or a DomainError `overloaded` when too many wait already. */
  async take(bytes: number, signal?: AbortSignal): Promise<() => void> {
    try {
      return await this.bytes.acquire({ permits: bytes, signal });
    } catch (error) {
      if (error instanceof SemaphoreFull)
        throw new DomainError({ kind: "overloaded" }, "too many reads are waiting for memory");
      throw error;
    }
  }
}
