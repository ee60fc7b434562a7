import { DomainError } from "./errors.js";

export const retentionModes = ["GOVERNANCE", "COMPLIANCE"] as const;
export type RetentionMode = (typeof retentionModes)[number];

export interface Retention {
  readonly mode: RetentionMode;
  /** Milliseconds since 1970; from then on it protects nothing. */
  readonly until: number;
}

/** What keeps a version from being deleted. */
export interface ObjectLock {
  readonly retention?: Retention;
  readonly legalHold?: "ON" | "OFF";
}

/** Throws a DomainError `objectLocked` while the version is protected. `bypass`: the caller may and wants to pass over GOVERNANCE. */
export function requireUnlocked(lock: ObjectLock | undefined, now: number, bypass: boolean): void {
  const held = lock?.legalHold === "ON";
  if (held || isRetained(lock?.retention, now, bypass)) {
    throw locked();
  }
}

function isRetained(retention: Retention | undefined, now: number, bypass: boolean): retention is Retention {
  return retention !== undefined && retention.until > now && (retention.mode === "COMPLIANCE" || !bypass);
}

/**
 * Throws a DomainError `objectLocked` where a retention in force may not become `next` (undefined: none): it may be prolonged by anyone who
 * may write it, weakened or changed in mode only with GOVERNANCE and `bypass`.
 */
export function requireRetentionChange(
  lock: ObjectLock | undefined,
  next: Retention | undefined,
  now: number,
  bypass: boolean,
): void {
  const current = lock?.retention;
  if (!isRetained(current, now, bypass)) return;
  const prolongs = next?.mode === current.mode && next.until >= current.until;
  if (!prolongs) throw locked();
}

/**
 * A bucket's object lock: enabled once it is there; new versions get the default retention where they name no other.
 */
export interface LockConfiguration {
  /** One of days and years. */
  readonly defaultRetention?: { readonly mode: RetentionMode; readonly days?: number; readonly years?: number };
}

function locked(): DomainError {
  return new DomainError({ kind: "objectLocked" }, "The object is protected by its object lock.");
}
