import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Bug } from "./bug.js";

/** By which seed a planted bug was found, and what was seen then. */
export interface Finding {
  readonly seed: number;
  readonly failure: string;
}

const TABLE = fileURLToPath(new URL("../../../test/simulation/mutations.md", import.meta.url));
const ROW = /^\| `([\w-]+)` \| .* \| seed (\d+): (.*) \|$/gm;

/** What the table remembers, by the bug's name. */
export function readFindings(): Map<string, Finding> {
  const rows = readFileSync(TABLE, "utf8").matchAll(ROW);
  return new Map([...rows].map(([, name, seed, failure]) => [name!, { seed: Number(seed), failure: failure! }]));
}

/** Writes a row for each bug that is known by a seed, now or from before. */
export function writeFindings(bugs: readonly Bug[], found: ReadonlyMap<string, Finding>): void {
  const known = new Map([...readFindings(), ...found]);
  const rows = bugs.flatMap(({ name, what }) => {
    const finding = known.get(name);
    return finding ? [`| \`${name}\` | ${what} | seed ${finding.seed}: ${finding.failure.replaceAll("|", "/")} |`] : [];
  });
  const [head] = readFileSync(TABLE, "utf8").split("| --- |", 1);
  writeFileSync(TABLE, `${head}| --- | --- | --- |\n${rows.join("\n")}\n`);
}
