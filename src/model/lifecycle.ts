import type { Tag } from "./tag.js";

export interface LifecycleFilter {
  /**
   * The form in the owner's document: a rule's old `<Prefix>`, a `<Filter>` with one condition, or one with `<And>`.
   */
  readonly form: "prefix" | "filter" | "and";
  readonly prefix?: string;
  readonly tags?: readonly Tag[];
  /** Bytes: size > `sizeOver` and size < `sizeUnder`. */
  readonly sizeOver?: number;
  readonly sizeUnder?: number;
}

export type Expiration =
  | { readonly days: number }
  /** Milliseconds since 1970, a midnight. */
  | { readonly date: number }
  /** Removes delete markers that are the only version of their key. */
  | { readonly deleteMarkers: boolean };

/** Storage classes that rules may move objects to, from expensive to cheap. Objects move only to cheaper ones. */
export const transitionClasses = [
  "STANDARD_IA",
  "INTELLIGENT_TIERING",
  "ONEZONE_IA",
  "GLACIER_IR",
  "GLACIER",
  "DEEP_ARCHIVE",
] as const;
export type TransitionClass = (typeof transitionClasses)[number];

export interface Transition {
  readonly storageClass: TransitionClass;
  /** Days after the object's creation, or a midnight in milliseconds since 1970. */
  readonly at: { readonly days: number } | { readonly date: number };
}

export interface NoncurrentTransition {
  readonly storageClass: TransitionClass;
  readonly days: number;
  /** Number of newest noncurrent versions that are not moved. */
  readonly keep?: number;
}

export interface LifecycleRule {
  readonly id: string;
  readonly enabled: boolean;
  readonly filter: LifecycleFilter;
  readonly expiration?: Expiration;
  /** `keep`: number of newest noncurrent versions that stay, however old. */
  readonly noncurrent?: { readonly days: number; readonly keep?: number };
  readonly abortUploadsAfterDays?: number;
  readonly transitions?: readonly Transition[];
  readonly noncurrentTransitions?: readonly NoncurrentTransition[];
}

export interface LifecycleConfiguration {
  readonly rules: readonly LifecycleRule[];
  /** Whether small objects are moved: see `dueClass`. */
  readonly transitionDefaultMinimumObjectSize: string;
}

/** The members of a version that rules look at. */
export interface AgingVersion {
  readonly key: string;
  readonly size: number;
  readonly tags?: readonly Tag[];
  readonly createdAt: number;
  readonly isLatest: boolean;
  readonly deleteMarker: boolean;
}

export interface Surroundings {
  /**
   * For a noncurrent version: when the next newer version was created, and how many newer noncurrent versions there
   * are.
   */
  readonly noncurrentSince?: number;
  readonly newerNoncurrent: number;
  /** The key has no other version. */
  readonly alone: boolean;
}

/** `days` days after `since`, rounded up to the next midnight UTC, as in S3. `dayMs`: a day's length in milliseconds. */
export function dueAt(since: number, days: number, dayMs: number): number {
  return Math.ceil((since + days * dayMs) / dayMs) * dayMs;
}

/**
 * What the rules do to a version now: `expire` the current one (as a DELETE of its key would), `remove` a noncurrent
 * one or the last delete marker of a key, or nothing.
 */
export function lifecycleAction(
  rules: readonly LifecycleRule[],
  version: AgingVersion,
  around: Surroundings,
  now: number,
  dayMs: number,
): "expire" | "remove" | undefined {
  const matching = rules.filter((rule) => rule.enabled && applies(rule.filter, version));
  if (!version.isLatest) {
    const { noncurrentSince = version.createdAt, newerNoncurrent } = around;
    const removes = ({ noncurrent }: LifecycleRule) =>
      noncurrent !== undefined &&
      newerNoncurrent >= (noncurrent.keep ?? 0) &&
      dueAt(noncurrentSince, noncurrent.days, dayMs) <= now;
    return matching.some(removes) ? "remove" : undefined;
  }
  if (!version.deleteMarker)
    return matching.some(({ expiration }) => isDue(expiration, version.createdAt, now, dayMs)) ? "expire" : undefined;
  const removes = ({ expiration }: LifecycleRule) =>
    (expiration && "deleteMarkers" in expiration && expiration.deleteMarkers) ||
    isDue(expiration, version.createdAt, now, dayMs);
  return around.alone && matching.some(removes) ? "remove" : undefined;
}

/** When a version will expire (milliseconds since 1970), and the id of the rule. */
export interface Expiry {
  readonly at: number;
  readonly rule: string;
}

/** The earliest expiration of a current version; undefined if no rule expires it. */
export function expiryOf(rules: readonly LifecycleRule[], version: AgingVersion, dayMs: number): Expiry | undefined {
  if (!version.isLatest || version.deleteMarker) return undefined;
  let first: Expiry | undefined;
  for (const { id, enabled, filter, expiration } of rules) {
    const at = enabled && applies(filter, version) ? expirationAt(expiration, version.createdAt, dayMs) : undefined;
    if (at !== undefined && at < (first?.at ?? Infinity)) first = { at, rule: id };
  }
  return first;
}

/** When lifecycle rules will abort an open upload, if they will. */
export interface AbortSchedule {
  readonly ends?: Expiry;
}

/** The earliest abort of an upload that stays open; undefined if no rule aborts it. */
export function uploadAbort(
  rules: readonly LifecycleRule[],
  { key, createdAt }: { readonly key: string; readonly createdAt: number },
  dayMs: number,
): Expiry | undefined {
  let first: Expiry | undefined;
  for (const { id, enabled, filter, abortUploadsAfterDays: days } of rules) {
    if (!enabled || days === undefined || !key.startsWith(filter.prefix ?? "")) continue;
    const at = dueAt(createdAt, days, dayMs);
    if (at < (first?.at ?? Infinity)) first = { at, rule: id };
  }
  return first;
}

function expirationAt(expiration: Expiration | undefined, createdAt: number, dayMs: number): number | undefined {
  if (!expiration || "deleteMarkers" in expiration) return undefined;
  return "date" in expiration ? expiration.date : dueAt(createdAt, expiration.days, dayMs);
}

function isDue(expiration: Expiration | undefined, createdAt: number, now: number, dayMs: number): boolean {
  return (expirationAt(expiration, createdAt, dayMs) ?? Infinity) <= now;
}

/** Whether a rule with this filter applies to a version. */
export function applies(
  { prefix = "", tags = [], sizeOver, sizeUnder }: LifecycleFilter,
  version: AgingVersion,
): boolean {
  if (!version.key.startsWith(prefix)) return false;
  const needsContent = tags.length > 0 || sizeOver !== undefined || sizeUnder !== undefined;
  // A delete marker has neither tags nor size.
  if (version.deleteMarker) return !needsContent;
  if (version.size <= (sizeOver ?? -1) || version.size >= (sizeUnder ?? Infinity)) return false;
  return tags.every((tag) => version.tags?.some(({ key, value }) => key === tag.key && value === tag.value) === true);
}
