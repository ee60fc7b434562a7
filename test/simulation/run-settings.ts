import { join } from "node:path";

/** Kinds of worlds beside the one of a single gateway, each with seeds of its own, by the option that asks for them. */
export const worlds = ["several", "lost-disk"] as const;
export type World = (typeof worlds)[number];

/** The world that the options of a command line ask for; `given`: as `parseArgs` has read them. */
export function chosenWorld(given: Readonly<Partial<Record<string, unknown>>>): World | undefined {
  const chosen = worlds.filter((world) => given[world] === true);
  if (chosen.length > 1) throw new RangeError(`one world at a time, not ${chosen.join(" and ")}`);
  return chosen[0];
}

/** The options that choose a world, for `parseArgs`. */
export const worldOptions = {
  several: { type: "boolean" },
  "lost-disk": { type: "boolean" },
} as const satisfies Record<World, { readonly type: "boolean" }>;

export interface RunSettings {
  readonly seed: number;
  /** A folder for this run's catalogs; made and removed. */
  readonly folder: string;
  /** A catalog without rows. */
  readonly emptyCatalog: string;
  readonly trace?: (line: string) => void;
}

export interface RunResult {
  readonly seed: number;
  /** In words, what was wrong; undefined: nothing. */
  readonly failure?: string;
  readonly turns: number;
  readonly crashes: number;
  readonly mischief: number;
  /** Files that the network has taken. */
  readonly stored: number;
  /** Names the whole run: two runs of one seed have the same. */
  readonly fingerprint: number;
}

export function runFolder(base: string, seed: number): string {
  return join(base, `seed-${seed}`);
}
