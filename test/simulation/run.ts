import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chosenWorld, worldOptions, worlds, type RunResult } from "./run-settings.js";

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
const worldArguments = world === undefined ? [] : [`--${world}`];

const began = performance.now();
const seconds = () => ((performance.now() - began) / 1000).toFixed(1);

/**
 * Seeds go one by one to as many processes as there are cores; what a process learned of one run never meets another's
 * seed.
 */
async function simulate(): Promise<RunResult[]> {
  const results: RunResult[] = [];
  let next = first;
  const arguments_ = [
    ...(values.trace === true ? ["--trace"] : []),
    ...worldArguments,
    ...(values.bug === undefined ? [] : ["--bug", values.bug]),
  ];
  await Promise.all(
    Array.from(
      { length: Math.min(runs, availableParallelism()) },
      () =>
        new Promise<void>((resolve, reject) => {
          const child = fork(fileURLToPath(new URL("./seeds.js", import.meta.url)), arguments_);
          const give = () => {
            const enough = values.first === true && results.some(({ failure }) => failure !== undefined);
            if (next < first + runs && !enough) child.send(next++);
            else child.disconnect();
          };
          child.on("message", (message: RunResult | "ready") => {
            if (message !== "ready") {
              results.push(message);
              report(message);
              if (results.length % 50 === 0) console.log(`${results.length} of ${runs} runs, ${seconds()} s`);
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
  console.log(
    `seed ${seed} FAILED: ${failure}\n  replay: node dist/test/simulation/run.js --seed ${[seed, ...worldArguments].join(" ")} --trace${values.bug === undefined ? "" : ` --bug ${values.bug}`}\n`,
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
