import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bugs, unproven } from "./bugs.js";

/** Plants the bugs one at a time and lets seeds run until one finds it. Fails when one that was found before stays unseen. */
const { values } = parseArgs({ options: { runs: { type: "string" }, bug: { type: "string", multiple: true }, seed: { type: "string" } } });
const chosen = bugs.filter(({ name }) => values.bug?.includes(name) ?? true);
const script = fileURLToPath(new URL("./run.js", import.meta.url));
const unseen: string[] = [];
for (const { name, what } of chosen) {
  const output = await run(["--seed", values.seed ?? "1", "--runs", values.runs ?? "300", "--first", "--bug", name]);
  const found = /^seed (\d+) FAILED: (.*)$/m.exec(output);
  const runs = /^(\d+) runs/m.exec(output)?.[1] ?? "?";
  if (!found) unseen.push(name);
  console.log(found ? `found   ${name}: seed ${found[1]} of ${runs} runs: ${found[2]!.slice(0, 160)}` : `UNSEEN  ${name} in ${runs} runs: ${what}`);
}
console.log(`${chosen.length - unseen.length} of ${chosen.length} planted bugs found`);
process.exitCode = unseen.some((name) => !unproven.has(name)) ? 1 : 0;

function run(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.on("error", reject).on("close", () => resolve(output));
  });
}
