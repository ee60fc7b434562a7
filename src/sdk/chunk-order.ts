import type { Clock } from "../model/clock.js";
import { pause } from "../async/timer.js";
import { abortable } from "../async/abort.js";
import { Refusal } from "../peers/refusal.js";

/** How long a chunk waits for those before it, ms: as long as CD2N's. */
const PATIENCE_MS = 60_000;
/** How often a chunk that waits looks whether those before it have come through another gateway, ms. */
const LOOK_MS = 1_000;

/** The chunks of one upload: one is taken at a time. */
interface Turn {
  isBusy: boolean;
  /** Resolves when a chunk was taken, or was not. */
  changed: Promise<void>;
  announce: () => void;
  users: number;
}

/** Lets the chunks of uploads in one after the other, in the order of their bytes, as long as that takes. */
export class ChunkOrder {
  private readonly turns = new Map<string, Turn>();

  constructor(private readonly clock: Clock) {}

  /**
   * Resolves when all bytes before `start` are there, and no other chunk of this upload is being taken, with the function
   * that ends that. `uploaded`: how many bytes there are. Rejects with Refusal 409 after a minute, or as `uploaded` does.
   */
  async enter(
    upload: string,
    start: number,
    uploaded: () => Promise<number>,
    signal: AbortSignal,
  ): Promise<() => void> {
    const turn = this.turns.get(upload) ?? newTurn();
    this.turns.set(upload, turn);
    turn.users++;
    const leave = () => {
      if (--turn.users === 0) this.turns.delete(upload);
    };
    const patience = new AbortController();
    const expire = pause(this.clock, PATIENCE_MS, [patience.signal]).then(
      () => patience.abort(new Refusal(409, "the chunks before this one have not come")),
      () => undefined,
    );
    try {
      for (;;) {
        const { changed } = turn;
        if (isFree(turn, changed) && (await uploaded()) >= start && isFree(turn, changed)) {
          turn.isBusy = true;
          return () => {
            turn.isBusy = false;
            renew(turn);
            leave();
          };
        }
        await this.changeOrTime(changed, [signal, patience.signal]);
      }
    } catch (error) {
      leave();
      throw error;
    } finally {
      if (!patience.signal.aborted) patience.abort(new DOMException("no longer waited for", "AbortError"));
      await expire;
    }
  }

  /** Rejects with the reason of the first signal that aborts. */
  private async changeOrTime(change: Promise<void>, signals: readonly AbortSignal[]): Promise<void> {
    const over = new AbortController();
    const time = pause(this.clock, LOOK_MS, [over.signal]).catch(() => undefined);
    try {
      await Promise.race([abortable(change, signals), time]);
    } finally {
      over.abort(new DOMException("no longer waited for", "AbortError"));
      await time;
    }
  }
}

/** Whether no chunk is being taken, and none was since `changed`. */
function isFree(turn: Turn, changed: Promise<void>): boolean {
  return !turn.isBusy && turn.changed === changed;
}

function newTurn(): Turn {
  const turn: Turn = { isBusy: false, changed: Promise.resolve(), announce: () => undefined, users: 0 };
  renew(turn);
  return turn;
}

function renew(turn: Turn): void {
  const { announce } = turn;
  turn.changed = new Promise((resolve) => (turn.announce = resolve));
  announce();
}
