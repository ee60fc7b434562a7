import type { Owner } from "./scheduler.js";
import type { SimulatedDisk } from "./simulated-disk.js";

/** What the code of the running incarnation finds around itself: its own time, its disk, its dice. */
export interface Machine {
  readonly owner: Owner;
  readonly disk: SimulatedDisk;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Bytes of the catalog's log that are known to be on the disk. */
  catalogSynced: number;
  /** Connections to close when the process dies. */
  readonly connections: Set<{ close(): unknown }>;
  /** Milliseconds that a call to the disk takes. */
  readonly diskMs: () => number;
}

let current: Machine | undefined;

/** One process runs at a time, and dead ones run no code, so whoever asks is the living one. */
export function machine(): Machine {
  if (!current) throw new Error("no process runs");
  return current;
}

export function setMachine(next: Machine | undefined): void {
  current = next;
}

/** Global timers that libraries use become the running process's, so that they die with it. */
export function installTimers(): void {
  const schedule = (run: (...args: unknown[]) => void, ms: number, args: unknown[]) =>
    machine().owner.schedule(ms, () => run(...args));
  const cancel = (turn: { cancelled: boolean } | undefined) => {
    if (turn) turn.cancelled = true;
  };
  Object.assign(globalThis, {
    setImmediate: (run: () => void, ...args: unknown[]) => schedule(run, 0, args),
    clearImmediate: cancel,
    setTimeout: (run: () => void, ms = 0, ...args: unknown[]) => schedule(run, ms, args),
    clearTimeout: cancel,
  });
  const random = () => current?.random() ?? 0.5;
  Math.random = random;
  Date.now = () => current?.owner.now() ?? 0;
}
