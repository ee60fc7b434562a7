import { expect } from "chai";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { readFindings } from "./mutations.js";

/** That it can be believed. `npm run simulation` runs many seeds. */
describe("The simulation", () => {
  it("replays a seed exactly", async () => {
    const fingerprint = async () => /fingerprint (-?\d+)/.exec((await simulate(["--seed", "8"])).output)?.[1];
    const [first, second] = await Promise.all([fingerprint(), fingerprint()]);
    expect(first).to.not.equal(undefined);
    expect(second).to.equal(first);
  });

  it("finds a bug that was planted", async () => {
    const seed = readFindings().get("commit-not-synced")?.seed ?? 1;
    const { code, output } = await simulate([
      "--seed",
      String(seed),
      "--runs",
      "40",
      "--first",
      "--bug",
      "commit-not-synced",
    ]);
    expect(code, output).to.equal(1);
    expect(output).to.match(/seed \d+ FAILED/);
  });
});

/** In a process of its own: the simulation scales the code's sizes down before it loads any of it. */
function simulate(args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
  const script = fileURLToPath(new URL("./run.js", import.meta.url));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.on("error", reject).on("close", (code) => resolve({ code, output }));
  });
}
