import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const main = join(root, "dist/src/main.js");

const run = (...args: string[]) =>
  new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) =>
    execFile(process.execPath, [main, ...args], { timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : (error.code ?? error.signal), stdout, stderr }),
    ),
  );

describe("The cess-s3 command line", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "cess-s3-command-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it("prints its version, and help with examples and exit codes", async () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    expect((await run("--version")).stdout).to.equal(`${version}\n`);
    const { stdout, code } = await run("--help");
    expect(code).to.equal(0);
    expect(stdout).to.contain("Examples:").and.contain("Exit codes:");
    // Each example is of a command that is there.
    const examples = [...stdout.matchAll(/^ {2}cess-s3 ([a-z]+)/gm)].map(([, command]) => command);
    expect(examples).to.include.members(["init", "doctor", "serve"]);
    for (const command of examples) expect(stdout).to.match(new RegExp(`^  ${command} `, "m"));
  });

  it("ends with code 1 when it is used wrongly, and says how to use it", async () => {
    for (const [args, expected] of [
      [["serv"], "Did you mean serve?"],
      [["serve", "--confg", "x"], "Did you mean --config?"],
      [["fid"], "missing required argument"],
    ] as const) {
      const { code, stderr } = await run(...args);
      expect(code).to.equal(1);
      expect(stderr).to.contain(expected);
    }
  });

  it("writes a configuration for its owner alone, which config check judges, and never over another file", async () => {
    const path = join(folder, "cess-s3.yaml");
    const first = await run("init", path);
    expect(first.code).to.equal(0);
    expect(first.stdout).to.contain(`cess-s3 doctor --config ${path}`);
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    const text = readFileSync(path, "utf8");
    const second = await run("init", path);
    expect(second.code).to.equal(1);
    expect(second.stderr).to.contain("is there already, and is not overwritten");
    expect(readFileSync(path, "utf8")).to.equal(text);
    expect((await run("init", join(folder, "none", "c.yaml"))).stderr).to.contain("there is no such file or folder");

    // The secrets that it names are still to be written.
    const { code, stdout } = await run("config", "check", "--offline", "--config", path);
    expect(code).to.equal(1);
    expect(stdout).to.contain(`${path}, line `).and.contain("/run/secrets/gateway-mnemonic");
    expect((await run("config", "show", "--config", path)).stdout).to.contain("listen: 127.0.0.1:9000  # default");
    expect(existsSync(join(folder, "data")), "nothing is made").to.equal(false);
  });

  it("gives a wrong configuration as a finding where findings are asked for", async () => {
    const { code, stdout } = await run("doctor", "--json", "--config", join(folder, "absent.yaml"));
    expect(code).to.equal(1);
    const [finding] = JSON.parse(stdout) as Record<string, string>[];
    expect(finding).to.deep.include({ check: "configuration", level: "error" });
    expect(finding?.["message"]).to.contain("absent.yaml");
  });
});
