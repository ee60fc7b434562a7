/** What a value stands for in comparisons. */
const text = (value: unknown): string | undefined => JSON.stringify(value);

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The keys, such as `cache.memory`, whose values differ; a list is compared whole. Values are never told. */
export function changedSettings(before: object, after: object): string[] {
  return compare(before, after, []).sort();
}

function compare(before: unknown, after: unknown, place: readonly string[]): string[] {
  if (!isMap(before) || !isMap(after)) return text(before) === text(after) ? [] : [place.join(".")];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => compare(before[name], after[name], [...place, name]));
}
