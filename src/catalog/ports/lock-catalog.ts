/** A name that is leased. */
export interface Lock {
  readonly name: string;
  /** The fencing number: of two locks of a name the later one has the greater. */
  readonly token: number;
}

/** What operators see of a lock. */
export interface HeldLock extends Lock {
  /** A gateway's id. */
  readonly holder: string;
  readonly until: number;
}

/** Leases of names: for what only one of all gateways may do at a time. */
export interface LockCatalog {
  /** Leases the name for `leaseMs`; undefined when somebody has it, this gateway or another one. */
  acquire(name: string, leaseMs: number): Promise<Lock | undefined>;
  /** Extends the lease. Rejects with LeaseLost when somebody else has had the name since. */
  extend(lock: Lock, leaseMs: number): Promise<void>;
  /** Gives the name back. Does nothing when the lease was lost. */
  release(lock: Lock): Promise<void>;
  /** Gives back what an earlier process of this gateway left. Called once at start, before any is taken. */
  releaseOwn(): Promise<void>;
  /** Those that are held, in order of their names; at most 1000. */
  held(): Promise<readonly HeldLock[]>;
}
