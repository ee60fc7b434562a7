import type { Fid } from "../model/hash.js";

/** A running job's ear: whether the chain said something about its file since it began to look. */
export interface Ticket {
  readonly touched: boolean;
  close(): void;
}

/**
 * Events wake waiting jobs through the catalog. A job that is running when its event comes would go to sleep after it
 * and miss it: it holds a ticket, and steps again when the ticket was touched.
 */
export class DealSignals {
  readonly #tickets = new Map<Fid, Set<{ touched: boolean }>>();

  listen(fid: Fid): Ticket {
    const state = { touched: false };
    const sharing = this.#tickets.get(fid) ?? new Set();
    sharing.add(state);
    this.#tickets.set(fid, sharing);
    return {
      get touched() {
        return state.touched;
      },
      close: () => {
        sharing.delete(state);
        if (sharing.size === 0 && this.#tickets.get(fid) === sharing) this.#tickets.delete(fid);
      },
    };
  }

  touch(fid: Fid): void {
    for (const state of this.#tickets.get(fid) ?? []) state.touched = true;
  }

  touchAll(): void {
    for (const fid of this.#tickets.keys()) this.touch(fid);
  }
}
