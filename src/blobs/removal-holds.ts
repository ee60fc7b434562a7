import type { BlobId } from "../model/object.js";

/** Removals that wait for the last hold, at most; further blobs are left to the sweeper. */
const MAX_WAITING = 200_000;

/** Keeps removed blobs on the disk while a backup reads them. */
export class RemovalHolds {
  private holds = 0;
  private waiting: BlobId[] = [];

  /** `carryOut` gets what was to be removed meanwhile, when the last hold ends. */
  constructor(private readonly carryOut: (ids: readonly BlobId[]) => void) {}

  get active(): boolean {
    return this.holds > 0;
  }

  /** Returns the function that ends the hold; calling it again does nothing. */
  take(): () => void {
    this.holds++;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.holds--;
      this.release();
    };
  }

  /** Carries out what waits, unless a hold is active. */
  release(): void {
    if (this.active || this.waiting.length === 0) return;
    const due = this.waiting;
    this.waiting = [];
    this.carryOut(due);
  }

  /** For what must wait for the end of a hold, here or in another process. */
  defer(ids: readonly BlobId[]): void {
    this.waiting.push(...ids.slice(0, MAX_WAITING - this.waiting.length));
  }
}
