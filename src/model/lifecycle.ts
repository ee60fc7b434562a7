import type { Tag } from "./tag.js";

export interface LifecycleFilter {
  /** How the owner wrote it: the old `<Prefix>` of a rule, a `<Filter>` with one condition, or one with `<And>`. */
  readonly form: "prefix" | "filter" | "and";
  readonly prefix?: string;
  readonly tags?: readonly Tag[];
  /** Bytes; strictly greater and strictly less. */
  readonly sizeOver?: number;
  readonly sizeUnder?: number;
}

export type Expiration =
  | { readonly days: number }
  /** Milliseconds since 1970, a midnight. */
  | { readonly date: number }
  /** Delete markers that hide nothing any more. */
  | { readonly deleteMarkers: boolean };

/** Classes that rules may move objects to, each cheaper to keep than the one before it: objects move only down. */
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
  /** After its creation, or the midnight itself in milliseconds since 1970. */
  readonly at: { readonly days: number } | { readonly date: number };
}

export interface NoncurrentTransition {
  readonly storageClass: TransitionClass;
  readonly days: number;
  /** The newest so many noncurrent versions stay where they are. */
  readonly keep?: number;
}

export interface LifecycleRule {
  readonly id: string;
  readonly enabled: boolean;
  readonly filter: LifecycleFilter;
  readonly expiration?: Expiration;
  /** `keep`: the newest so many noncurrent versions stay, however old. */
  readonly noncurrent?: { readonly days: number; readonly keep?: number };
  readonly abortUploadsAfterDays?: number;
  readonly transitions?: readonly Transition[];
  readonly noncurrentTransitions?: readonly NoncurrentTransition[];
}

export interface LifecycleConfiguration {
  readonly rules: readonly LifecycleRule[];
  /** What becomes of objects too small to be worth a move: `dueClass`. */
  readonly transitionDefaultMinimumObjectSize: string;
}

/** A version as a rule sees it. */
export interface AgingVersion {
  readonly key: string;
  readonly size: number;
  readonly tags?: readonly Tag[];
  readonly createdAt: number;
  readonly isLatest: boolean;
  readonly deleteMarker: boolean;
}

export interface Surroundings {
  /** Of a noncurrent version: when the next newer one came, and how many noncurrent ones are newer. */
  readonly noncurrentSince?: number;
  readonly newerNoncurrent: number;
  /** The key has no other version. */
  readonly alone: boolean;
}

/** S3: so many days after, rounded up to the next midnight UTC. `dayMs` is a day's length in milliseconds. */
export function dueAt(since: number, days: number, dayMs: number): number {
  return Math.ceil((since + days * dayMs) / dayMs) * dayMs;
}

/**
 * What the rules do to a version now: `expire` the current one (as a DELETE of its key would), `remove` a noncurrent
 * one or a delete marker that hides nothing, or nothing.
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

/** When, in milliseconds since 1970, and by which rule's id a version will expire. */
export interface Expiry {
  readonly at: number;
  readonly rule: string;
}

/** The first of the rules' expirations of a current version; undefined where none will come. */
export function expiryOf(rules: readonly LifecycleRule[], version: AgingVersion, dayMs: number): Expiry | undefined {
  if (!version.isLatest || version.deleteMarker) return undefined;
  let first: Expiry | undefined;
  for (const { id, enabled, filter, expiration } of rules) {
    const at = enabled && applies(filter, version) ? expirationAt(expiration, version.createdAt, dayMs) : undefined;
    if (at !== undefined && at < (first?.at ?? Infinity)) first = { at, rule: id };
  }
  return first;
}

/** When lifecycle rules will abort an open upload, where they will. */
export interface AbortSchedule {
  readonly ends?: Expiry;
}

/** The first of the rules' aborts of an upload that stays open. */
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

export function applies(
  { prefix = "", tags = [], sizeOver, sizeUnder }: LifecycleFilter,
  version: AgingVersion,
): boolean {
  if (!version.key.startsWith(prefix)) return false;
  const ofContent = tags.length > 0 || sizeOver !== undefined || sizeUnder !== undefined;
  // A delete marker has neither tags nor size.
  if (version.deleteMarker) return !ofContent;
  if (version.size <= (sizeOver ?? -1) || version.size >= (sizeUnder ?? Infinity)) return false;
  return tags.every((tag) => version.tags?.some(({ key, value }) => key === tag.key && value === tag.value) === true);
}
