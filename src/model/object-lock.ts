import { DomainError } from "./errors.js";

export const retentionModes = ["GOVERNANCE", "COMPLIANCE"] as const;
export type RetentionMode = (typeof retentionModes)[number];

export interface Retention {
  readonly mode: RetentionMode;
  /** End of the protection, in milliseconds since 1970. */
  readonly until: number;
}

/** Protection of a version from deletion. */
export interface ObjectLock {
  readonly retention?: Retention;
  readonly legalHold?: "ON" | "OFF";
}

/**
 * Throws a DomainError `objectLocked` while the version is protected. `bypass`: the caller may bypass GOVERNANCE
 * retention, and wants to.
 */
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
 * Throws a DomainError `objectLocked` if the retention in force may not be changed to `next` (undefined: none). It may
 * always be prolonged; it may be shortened, removed or changed in mode only if it is GOVERNANCE and `bypass` is set.
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
 * A bucket's object lock, which is enabled if there is a configuration. New versions get the default retention unless
 * they name another.
 */
export interface LockConfiguration {
  /** One of days and years. */
  readonly defaultRetention?: { readonly mode: RetentionMode; readonly days?: number; readonly years?: number };
}

function locked(): DomainError {
  return new DomainError({ kind: "objectLocked" }, "The object is protected by its object lock.");
}
