import { Semaphore, SemaphoreFull } from "../async/semaphore.js";
import { S3Error } from "../model/errors.js";

/** Callers that may wait before the next is refused with SlowDown. */
const MAX_WAITING = 1024;

/** A bound on bytes that reads hold at once. First come, first served; what is taken must be given back. */
export class ByteBudget {
  private readonly bytes: Semaphore;

  /** `capacity`: bytes. A single demand above it is treated as all of it, so it can be met. */
  constructor(capacity: number) {
    this.bytes = new Semaphore({ permits: capacity, waiting: MAX_WAITING });
  }

  get used(): number {
    return this.bytes.used;
  }

  /** Takes the bytes at once and returns how to give them back, or undefined when they are not free. */
  tryTake(bytes: number): (() => void) | undefined {
    return this.bytes.tryAcquire({ permits: bytes });
  }

  /** Waits for the bytes. Rejects with the signal's reason, or S3Error SlowDown when too many wait already. */
  async take(bytes: number, signal?: AbortSignal): Promise<() => void> {
    try {
      return await this.bytes.acquire({ permits: bytes, signal });
    } catch (error) {
      if (error instanceof SemaphoreFull)
        throw new S3Error("SlowDown", { message: "too many reads are waiting for memory" });
      throw error;
    }
  }
}
