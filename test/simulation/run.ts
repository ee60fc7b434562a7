import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chosenWorld, worldOptions, worlds, type RunResult } from "./run-settings.js";

/** Seeds of a single gateway's world that once found something: they run whenever no seed is named. */
const REMEMBERED: ReadonlyMap<number, string> = new Map([
  [2, "a process that starts anew with an endpoint that is far behind orders nothing again"],
  [5, "a deletion elsewhere that is forked away leaves no file behind"],
  [8, "a power cut, a kill in between and a restart in good order lose nothing"],
  [11, "what is encrypted opens with its own keys alone, after crashes and with keys that were rotated between them"],
  [20, "objects are read while they go into packs and from pack to pack, over crashes"],
  [243, "a read of a key whose object is replaced meanwhile finds the new one, whatever the catalog's pace"],
  [257, "a file that the chain of spec 100 refuses to delete keeps no bytes of an object that needed it again"],
  [297, "a copy whose source is deleted meanwhile is refused as if it had come later"],
]);

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    runs: { type: "string" },
    trace: { type: "boolean" },
    bug: { type: "string" },
    first: { type: "boolean" },
    ...worldOptions,
  },
});
const runs = Number(values.runs ?? (values.seed === undefined ? 500 : 1));
const first = Number(values.seed ?? 1);
if (!Number.isSafeInteger(runs) || !Number.isSafeInteger(first) || runs < 1)
  throw new RangeError(
    `usage: run.js [--seed N] [--runs M] [--trace] ${worlds.map((each) => `[--${each}]`).join(" ")} [--bug NAME] [--first]`,
  );
const world = chosenWorld(values);
const remembered = world === undefined ? REMEMBERED : new Map<number, string>();
const named = Array.from({ length: runs }, (_, index) => first + index);
const seeds = values.seed === undefined ? [...new Set([...named, ...remembered.keys()])] : named;
const worldArguments = world === undefined ? [] : [`--${world}`];

const began = performance.now();
const seconds = () => ((performance.now() - began) / 1000).toFixed(1);

/**
 * Seeds go one by one to as many processes as there are cores; what a process learned of one run never meets another's
 * seed.
 */
async function simulate(): Promise<RunResult[]> {
  const results: RunResult[] = [];
  let next = 0;
  const arguments_ = [
    ...(values.trace === true ? ["--trace"] : []),
    ...worldArguments,
    ...(values.bug === undefined ? [] : ["--bug", values.bug]),
  ];
  await Promise.all(
    Array.from(
      { length: Math.min(seeds.length, availableParallelism()) },
      () =>
        new Promise<void>((resolve, reject) => {
          const child = fork(fileURLToPath(new URL("./seeds.js", import.meta.url)), arguments_);
          const give = () => {
            const enough = values.first === true && results.some(({ failure }) => failure !== undefined);
            const seed = enough ? undefined : seeds[next++];
            if (seed === undefined) child.disconnect();
            else child.send(seed);
          };
          child.on("message", (message: RunResult | "ready") => {
            if (message !== "ready") {
              results.push(message);
              report(message);
              if (results.length % 50 === 0) console.log(`${results.length} of ${seeds.length} runs, ${seconds()} s`);
            }
            give();
          });
          child.on("exit", (code) =>
            code === 0 ? resolve() : reject(new Error(`a simulating process ended with code ${code}`)),
          );
        }),
    ),
  );
  return results;
}

function report({ seed, failure }: RunResult): void {
  if (failure === undefined) return;
  const what = remembered.get(seed);
  const bug = values.bug === undefined ? [] : ["--bug", values.bug];
  const replay = ["node dist/test/simulation/run.js --seed", seed, ...worldArguments, "--trace", ...bug].join(" ");
  console.log(
    `seed ${seed} FAILED: ${failure}\n${what === undefined ? "" : `  it stands for: ${what}\n`}  replay: ${replay}\n`,
  );
}

const results = await simulate();
const sum = (count: (result: RunResult) => number) => results.reduce((total, result) => total + count(result), 0);
const failed = results.filter(({ failure }) => failure !== undefined);
console.log(
  `${results.length} runs from seed ${first} in ${seconds()} s: ${failed.length} failed; ` +
    `${sum(({ crashes }) => crashes)} crashes, ${sum(({ mischief }) => mischief)} faults, ${sum(({ stored }) => stored)} files stored, ` +
    `${sum(({ turns }) => turns)} turns`,
);
if (runs === 1) console.log(`fingerprint ${results[0]?.fingerprint ?? ""}`);
if (failed.length > 0) console.log(`failing seeds: ${failed.map(({ seed }) => seed).join(", ")}`);
process.exitCode = failed.length > 0 ? 1 : 0;
