import type { Clock } from "../model/clock.js";
import { LeaseLost } from "../model/lease-lost.js";

/** A lease that its holder extends for as long as it works. */
export interface KeptLease {
  readonly clock: Clock;
  /** Its length, ms; it is extended after each third of that. */
  readonly leaseMs: number;
  /** Rejects with LeaseLost when it is not the holder's any more. */
  readonly extend: (leaseMs: number) => Promise<void>;
  /** Told of a failure to extend it for another reason, which is tried again: whether it is lost is found out later. */
  readonly onTrouble: (error: unknown) => void;
}

/**
 * Runs the action and extends its lease meanwhile. The action's signal aborts as `signal` does, and with LeaseLost when the
 * lease is lost. Rejects with LeaseLost when the action fails after that, whatever it says itself.
 */
export async function whileLeased<T>(
  lease: KeptLease,
  signal: AbortSignal,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const lost = new AbortController();
  const ended = new AbortController();
  const extending = keep(lease, ended.signal).catch((error: unknown) => lost.abort(error));
  try {
    return await action(AbortSignal.any([signal, lost.signal]));
  } catch (error) {
    lost.signal.throwIfAborted();
    throw error;
  } finally {
    ended.abort();
    await extending;
  }
}

/** Leases of names over all gateways. */
export interface LeasedLocks<Lock> {
  /** Undefined when somebody has the name. */
  acquire(name: string, leaseMs: number): Promise<Lock | undefined>;
  /** Rejects with LeaseLost. */
  extend(lock: Lock, leaseMs: number): Promise<void>;
  release(lock: Lock): Promise<void>;
}

/** As `whileLeased`, for the lease of a lock, which is given back in the end. */
export async function whileLocked<Lock extends { readonly name: string }, T>(
  components: {
    readonly locks: LeasedLocks<Lock>;
    readonly clock: Clock;
    readonly log: { warn(fields: object, message: string): void };
  },
  { lock, leaseMs }: { readonly lock: Lock; readonly leaseMs: number },
  signal: AbortSignal,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { locks, clock, log } = components;
  const lease = {
    clock,
    leaseMs,
    extend: (ms: number) => locks.extend(lock, ms),
    onTrouble: (err: unknown) => log.warn({ lock: lock.name, err }, "a lock's lease could not be extended"),
  };
  try {
    return await whileLeased(lease, signal, action);
  } finally {
    // Not given back, it is free at its lease's end.
    await locks.release(lock).catch(() => undefined);
  }
}

/** Rejects with LeaseLost. */
async function keep({ clock, leaseMs, extend, onTrouble }: KeptLease, ended: AbortSignal): Promise<void> {
  while (!isAborted(ended)) {
    try {
      await clock.sleep(leaseMs / 3, ended);
      await extend(leaseMs);
    } catch (error) {
      if (isAborted(ended)) return;
      if (error instanceof LeaseLost) throw error;
      onTrouble(error);
    }
  }
}

/** A function, because the compiler would take the value to be unchanged across an await. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
