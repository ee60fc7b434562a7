import { asError } from "../../src/model/errors.js";
import type { Clock } from "../../src/model/clock.js";

/** The real one, kept before the world's own takes its place: one turn of it lets everything run that needs no time. */
const realImmediate = globalThis.setImmediate;

/** Turns without any time passing after which something is taken to spin. */
const MOST_TURNS_AT_ONCE = 100_000;

interface Turn {
  at: number;
  readonly order: number;
  readonly owner: Owner;
  readonly run: () => void;
  cancelled: boolean;
}

/**
 * Virtual time: a queue of turns in order of time, then of scheduling. Between two turns every promise that can settle
 * has settled, so the same seed gives the same run, and a process that is killed between two turns runs no more.
 */
export class Scheduler {
  now = 1_700_000_000_000;
  /** Turns so far: a clock finer than time, for what happened before what. */
  turns = 0;
  /** Called before each turn; true: it is not to be run (its owner was killed instead). */
  intercept: ((owner: Owner) => boolean) | undefined;
  private readonly heap: Turn[] = [];
  private order = 0;
  private turnsAtOnce = 0;

  schedule(owner: Owner, delayMs: number, run: () => void): Turn {
    const turn = { at: this.now + Math.max(0, delayMs), order: this.order++, owner, run, cancelled: false };
    this.push(turn);
    return turn;
  }

  /** Runs turns until the promise settles; nothing left to run before that is a deadlock. */
  async run<T>(director: Promise<T>): Promise<T> {
    let settled = false;
    const settle = () => (settled = true);
    director.then(settle, settle);
    await drained();
    while (!(settled as boolean)) {
      this.turn();
      await drained();
    }
    return director;
  }

  private turn(): void {
    const turn = this.pop();
    if (!turn) throw new Error("deadlock: nothing is scheduled any more");
    if (turn.cancelled || !turn.owner.alive) return;
    if (turn.owner.standsUntil > turn.at) {
      this.push(Object.assign(turn, { at: turn.owner.standsUntil }));
      return;
    }
    this.turnsAtOnce = turn.at === this.now ? this.turnsAtOnce + 1 : 0;
    if (this.turnsAtOnce > MOST_TURNS_AT_ONCE) throw new Error("something spins: time does not pass any more");
    this.now = turn.at;
    this.turns++;
    if (this.intercept?.(turn.owner) === true) return;
    turn.run();
  }

  private push(turn: Turn): void {
    const heap = this.heap;
    let place = heap.push(turn) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!earlier(turn, heap[parent]!)) break;
      heap[place] = heap[parent]!;
      place = parent;
    }
    heap[place] = turn;
  }

  private pop(): Turn | undefined {
    const heap = this.heap;
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last || heap.length === 0) return first;
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      if (left >= heap.length) break;
      const child = left + 1 < heap.length && earlier(heap[left + 1]!, heap[left]!) ? left + 1 : left;
      if (!earlier(heap[child]!, last)) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = last;
    return first;
  }
}

/** Something with a life of its own: the outside world, or one incarnation of the gateway. Its turns die with it. */
export class Owner implements Clock {
  alive = true;
  /** By how much a timer of its is late, ms, while its machine is overloaded. */
  lagMs: (() => number) | undefined;
  /** Its whole process stands still until then: its turns wait. */
  standsUntil = 0;
  /** By how much its clock is ahead, ms. */
  skewMs = 0;

  constructor(
    readonly scheduler: Scheduler,
    readonly name: string,
  ) {}

  now(): number {
    return this.scheduler.now + this.skewMs;
  }

  schedule(delayMs: number, run: () => void): { cancelled: boolean } {
    return this.scheduler.schedule(this, delayMs, run);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const abandon = () => {
        turn.cancelled = true;
        reject(signal?.reason as Error);
      };
      const turn = this.schedule(ms + (this.lagMs?.() ?? 0), () => {
        signal?.removeEventListener("abort", abandon);
        resolve();
      });
      signal?.addEventListener("abort", abandon, { once: true });
    });
  }

  /** The promise's outcome as something that arrives: never, when this owner is dead by then. */
  receive<T>(promise: Promise<T>, delayMs = 0): Promise<T> {
    return new Promise((resolve, reject) => {
      promise.then(
        (value) => this.schedule(delayMs, () => resolve(value)),
        (error: unknown) => this.schedule(delayMs, () => reject(asError(error))),
      );
    });
  }
}

function earlier(a: Turn, b: Turn): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** Every microtask and next tick has run. */
function drained(): Promise<void> {
  return new Promise((resolve) => realImmediate(resolve));
}
