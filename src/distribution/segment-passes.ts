import type { Semaphore } from "../async/semaphore.js";
import { after } from "../async/timer.js";
import type { WantedFragment } from "../encoding/encoder.js";
import type { Clock } from "../model/clock.js";

/** A fragment in memory. */
export interface LentFragment {
  readonly bytes: Uint8Array;
  /** Called once the bytes are not needed any more. */
  release(): void;
}

interface Request {
  readonly wanted: WantedFragment;
  /** Until when it waits for others, ms since 1970. */
  readonly patientUntil: number;
  readonly resolve: (lent: LentFragment) => void;
  readonly reject: (error: Error) => void;
}

export interface PassComponents {
  readonly clock: Clock;
  /** A permit is one fragment in memory. */
  readonly memory: Semaphore;
  /** How many fragments may be in memory at all. */
  readonly most: number;
  /** Whose turn it is: the file. */
  readonly queue: string;
  readonly signal: AbortSignal;
  /** Makes these fragments of a segment, in order, in one pass over its bytes. */
  readonly make: (segment: number, wanted: readonly WantedFragment[]) => Promise<readonly Uint8Array[]>;
}

/**
 * Makes the fragments of a file's segments as its indexes come to want them. One pass over a segment's bytes makes many
 * fragments at the price of few. So an index that comes early waits for others that are still being sent and will want
 * the same segment next, but no longer than its own last fragment took: nodes that are much slower do not hold it up.
 */
export class SegmentPasses {
  /** Of each index that was given a fragment and will come again, the segment that it wants next. */
  private readonly toCome = new Map<number, number>();
  /** How long the last fragment of each index took, ms. */
  private readonly took = new Map<number, number>();
  /** By segment. */
  private readonly waiting = new Map<number, Request[]>();
  private looking = false;

  constructor(private readonly components: PassComponents) {}

  /**
   * Each index comes again for its next segment, or leaves. Rejects as `make` does, or with the signal's reason.
   */
  fragment(segment: number, wanted: WantedFragment): Promise<LentFragment> {
    const { clock } = this.components;
    this.toCome.delete(wanted.index);
    const patienceMs = this.took.get(wanted.index) ?? 0;
    return new Promise((resolve, reject) => {
      const cancel = after(clock, patienceMs, () => this.look());
      const requests = this.waiting.get(segment) ?? [];
      requests.push({
        wanted,
        patientUntil: clock.now() + patienceMs,
        resolve: (lent) => {
          cancel();
          resolve(lent);
        },
        reject: (error) => {
          cancel();
          reject(error);
        },
      });
      this.waiting.set(segment, requests);
      this.look();
    });
  }

  /** The index wants nothing more, or nothing soon. */
  leave(index: number): void {
    if (this.toCome.delete(index)) this.look();
  }

  /** When all who come at the same moment are there. */
  private look(): void {
    if (this.looking) return;
    this.looking = true;
    queueMicrotask(() => {
      this.looking = false;
      const now = this.components.clock.now();
      for (const [segment, requests] of [...this.waiting]) {
        const othersCome = [...this.toCome.values()].some((next) => next <= segment);
        if (othersCome && requests.every(({ patientUntil }) => patientUntil > now)) continue;
        this.waiting.delete(segment);
        void this.pass(segment, requests);
      }
    });
  }

  private async pass(segment: number, requests: readonly Request[]): Promise<void> {
    const { memory, most, queue, signal, make } = this.components;
    for (let at = 0; at < requests.length; at += most) {
      const some = requests.slice(at, at + most);
      const wanted = some.map((request) => request.wanted);
      try {
        const release = await memory.acquire({ permits: some.length, queue, signal });
        const made = await make(segment, wanted).catch((error: unknown) => {
          release();
          throw error;
        });
        for (const [i, request] of some.entries()) {
          const bytes = made[i];
          if (bytes) request.resolve(this.lend(request.wanted.index, segment, bytes, release));
        }
      } catch (error) {
        for (const { reject } of requests.slice(at)) reject(error as Error);
        return;
      }
    }
  }

  private lend(index: number, segment: number, bytes: Uint8Array, free: (permits: number) => void): LentFragment {
    const since = this.components.clock.now();
    this.toCome.set(index, segment + 1);
    const release = () => {
      free(1);
      this.took.set(index, this.components.clock.now() - since);
    };
    return { bytes, release };
  }
}
