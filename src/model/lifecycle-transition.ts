import {
  applies,
  dueAt,
  transitionClasses,
  type AgingVersion,
  type LifecycleConfiguration,
  type LifecycleRule,
  type Surroundings,
  type TransitionClass,
} from "./lifecycle.js";

/** Smaller objects are not moved unless their rule has a size condition. */
const MIN_BYTES = 128 * 1024;

const rank = (storageClass: string | undefined) => transitionClasses.indexOf(storageClass as TransitionClass);

/** The cheapest storage class that is due for a version; undefined if the version has that class, or a cheaper one. */
export function dueClass(
  { rules, transitionDefaultMinimumObjectSize }: LifecycleConfiguration,
  version: AgingVersion & { readonly storageClass?: string },
  around: Surroundings,
  now: number,
  dayMs: number,
): TransitionClass | undefined {
  if (version.deleteMarker) return undefined;
  let found = rank(version.storageClass);
  for (const rule of rules) {
    if (!rule.enabled || !applies(rule.filter, version)) continue;
    for (const storageClass of dueClasses(rule, version, around, now, dayMs)) {
      const archive = storageClass === "GLACIER" || storageClass === "DEEP_ARCHIVE";
      const anySize =
        rule.filter.sizeOver !== undefined ||
        rule.filter.sizeUnder !== undefined ||
        (archive && transitionDefaultMinimumObjectSize === "varies_by_storage_class");
      if (anySize || version.size >= MIN_BYTES) found = Math.max(found, rank(storageClass));
    }
  }
  return found > rank(version.storageClass) ? transitionClasses[found] : undefined;
}

function dueClasses(
  { transitions = [], noncurrentTransitions = [] }: LifecycleRule,
  version: AgingVersion,
  around: Surroundings,
  now: number,
  dayMs: number,
): TransitionClass[] {
  if (version.isLatest) {
    return transitions
      .filter(({ at }) => ("date" in at ? at.date : dueAt(version.createdAt, at.days, dayMs)) <= now)
      .map(({ storageClass }) => storageClass);
  }
  const since = around.noncurrentSince ?? version.createdAt;
  return noncurrentTransitions
    .filter(({ days, keep = 0 }) => around.newerNoncurrent >= keep && dueAt(since, days, dayMs) <= now)
    .map(({ storageClass }) => storageClass);
}
