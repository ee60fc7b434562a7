import { expect } from "chai";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { readFindings } from "./mutations.js";

/**
 * Seeds that once found something, and the seed by which the simulation proves that it can: they run with every test.
 */
const SEEDS: readonly { readonly seed: number; readonly what: string }[] = [
  { seed: 8, what: "a power cut, a kill in between and a restart in good order lose nothing" },
  { seed: 2, what: "a process that starts anew with an endpoint that is far behind orders nothing again" },
  { seed: 5, what: "a deletion elsewhere that is forked away leaves no file behind" },
  { seed: 297, what: "a copy whose source is deleted meanwhile is refused as if it had come later" },
  {
    seed: 257,
    what: "a file that the chain of spec 100 refuses to delete keeps no bytes of an object that needed it again",
  },
  {
    seed: 11,
    what: "what is encrypted opens with its own keys alone, after crashes and with keys that were rotated between them",
  },
  {
    seed: 243,
    what: "a read of a key whose object is replaced meanwhile finds the new one, whatever the catalog's pace",
  },
  { seed: 20, what: "objects are read while they go into packs and from pack to pack, over crashes" },
];

describe("Simulation: seeds that are remembered", () => {
  for (const { seed, what } of SEEDS) {
    it(`${what} (seed ${seed})`, async () => {
      const { code, output } = await simulate(["--seed", String(seed)]);
      expect(code, output).to.equal(0);
    });
  }

  it("replays a seed exactly", async () => {
    const fingerprint = async () => /fingerprint (-?\d+)/.exec((await simulate(["--seed", "8"])).output)?.[1];
    const first = await fingerprint();
    expect(first).to.not.equal(undefined);
    expect(await fingerprint()).to.equal(first);
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
