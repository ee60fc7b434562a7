import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bugs } from "./bugs.js";
import { type Finding, readFindings, writeFindings } from "./mutations.js";

/**
 * Plants the bugs one at a time: first under the seed that found it the last time, then under seed after seed until one
 * finds it. Fails when one stays unseen. --search: under no remembered seed. --update: the seeds are remembered.
 */
const { values } = parseArgs({
  options: {
    bug: { type: "string", multiple: true },
    seed: { type: "string" },
    runs: { type: "string" },
    search: { type: "boolean" },
    update: { type: "boolean" },
  },
});
const unknown = values.bug?.filter((wanted) => !bugs.some(({ name }) => name === wanted)) ?? [];
if (unknown.length > 0)
  throw new Error(`no bug is named ${unknown.join(", ")}: there are ${bugs.map(({ name }) => name).join(", ")}`);
const chosen = bugs.filter(({ name }) => values.bug?.includes(name) ?? true);
const script = fileURLToPath(new URL("./run.js", import.meta.url));
const found = new Map<string, Finding>();

const began = performance.now();
if (values.search !== true) await tryRemembered(readFindings());
for (const { name, what } of chosen) {
  if (found.has(name)) continue;
  const finding = await seek(name, values.seed ?? "1", values.runs ?? "200");
  if (finding) report(name, finding);
  else console.log(`UNSEEN  ${name}: ${what}`);
}
console.log(
  `${found.size} of ${chosen.length} planted bugs found in ${((performance.now() - began) / 1000).toFixed(0)} s`,
);
if (values.update === true) writeFindings(bugs, found);
process.exitCode = found.size === chosen.length ? 0 : 1;

/** One run each, as many at a time as there are cores. */
async function tryRemembered(known: ReadonlyMap<string, Finding>): Promise<void> {
  const waiting = chosen.flatMap(({ name }) => ({ name, seed: known.get(name)?.seed }));
  await Promise.all(
    Array.from({ length: availableParallelism() }, async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        if (next.seed === undefined) continue;
        const finding = await seek(next.name, String(next.seed), "1");
        if (finding) report(next.name, finding);
      }
    }),
  );
}

function report(name: string, finding: Finding): void {
  found.set(name, finding);
  console.log(`found   ${name}: seed ${finding.seed}: ${finding.failure}`);
}

async function seek(bug: string, seed: string, runs: string): Promise<Finding | undefined> {
  const world = bugs.find(({ name }) => name === bug)?.world;
  const chosen = world === undefined ? [] : [`--${world}`];
  const output = await run(["--seed", seed, "--runs", runs, "--first", "--bug", bug, ...chosen]);
  if (!/^\d+ runs/m.test(output)) throw new Error(`the runs with ${bug} came to no end:\n${output}`);
  // Seeds are given out in order, and those under way end: the lowest that failed is the first that finds the bug.
  const [first] = [...output.matchAll(/^seed (\d+) FAILED: (.*)$/gm)].sort(([, a], [, b]) => Number(a) - Number(b));
  return (
    first && {
      seed: Number(first[1]),
      failure: first[2]!
        .replace(/([0-9a-f]{8})[0-9a-f]{8,}/g, "$1…")
        .slice(0, 120)
        .trim(),
    }
  );
}

function run(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.on("error", reject).on("close", () => resolve(output));
  });
}
