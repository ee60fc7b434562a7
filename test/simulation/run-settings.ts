import { join } from "node:path";

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
