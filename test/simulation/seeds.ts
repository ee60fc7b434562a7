import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bugs } from "./bugs.js";
import { chosenWorld, worldOptions } from "./run-settings.js";
import { enterScaledWorld } from "./scaled-world.js";

/** The process that run.js gives seeds to: it enters the scaled world before anything of the gateway is loaded. */
const { values } = parseArgs({
  options: { trace: { type: "boolean" }, ...worldOptions, bug: { type: "string" } },
});
const bug = bugs.find(({ name }) => name === values.bug);
if (values.bug !== undefined && !bug) throw new Error(`no bug is named ${values.bug}`);
enterScaledWorld(bug?.rewrites);

const { prepareRuns } = await import("./runs.js");
// Files in memory, where there is such a folder: SQLite writes many small ones.
const base = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "cess-s3-simulation-"));
process.on("exit", () => rmSync(base, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));
const trace = values.trace === true ? (line: string) => console.log(line) : undefined;
const run = await prepareRuns(base, trace, chosenWorld(values));

// One run at a time: the simulated machine is one for the whole process.
let running = Promise.resolve();
let [busy, failed] = [false, false];
process.on("message", (seed: number) => {
  running = running.then(async () => {
    busy = true;
    const outcome = await run(seed);
    busy = false;
    failed ||= outcome.failure !== undefined;
    process.send!(outcome);
  });
});
// A run hears of its own. What one that failed has left under way may still reject when its world is gone.
process.on("unhandledRejection", (reason) => {
  if (!busy && !failed) throw reason;
});
process.on("disconnect", () => process.exit(0));
process.send!("ready");
