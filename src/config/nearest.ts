import { distance } from "fastest-levenshtein";

/**
 * The known name that `name` was probably meant to be: the one with the fewest letters to change, upper or lower case
 * being the same; undefined when a third of the letters would have to change.
 */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  let best: { readonly name: string; readonly changes: number } | undefined;
  for (const each of known) {
    const changes = distance(name.toLowerCase(), each.toLowerCase());
    if (best === undefined || changes < best.changes) best = { name: each, changes };
  }
  const most = Math.max(1, Math.floor(name.length / 3));
  return best !== undefined && best.changes <= most ? best.name : undefined;
}
