import { spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Passes over a suite whose client this machine lacks; with CONFORMANCE_CLIENTS=all, as in CI, that is a failure.
 * `where`: how to get it.
 */
export function needs(suite: Mocha.Context, client: string, where: string, present = installed(client)): void {
  if (present) return;
  const message = `${client} is not here: ${where}`;
  if (process.env["CONFORMANCE_CLIENTS"] === "all") throw new Error(message);
  console.log(`    ${message}`);
  suite.skip();
}

export function installed(command: string, ...args: string[]): boolean {
  return spawnSync(command, args.length > 0 ? args : ["--version"], { stdio: "ignore" }).status === 0;
}

/** The first Python that has all of these modules: a virtual environment's, else the system's. */
export function pythonWith(...modules: string[]): string | undefined {
  return ["python3", "/usr/bin/python3"].find((command) => installed(command, "-c", `import ${modules.join(", ")}`));
}

/** Settings of whoever runs the suite (certificates, profiles, proxies) must not reach the program under test. */
const inherited = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(AWS|RCLONE|RESTIC|S3)_/.test(name)),
);

/**
 * A folder of files of many sizes and awkward names, last changed a minute ago: S3 tells times in whole seconds, so
 * what was changed in the second of its upload looks newer than its copy.
 */
export function makeTree(folder: string, files: number): void {
  const changed = new Date(Date.now() - 60_000);
  for (let i = 0; i < files; i += 1) {
    const path = join(folder, `d${i % 7}`, i % 3 === 0 ? "with space" : "sub");
    mkdirSync(path, { recursive: true });
    const file = join(path, `file ${i} ü.bin`);
    writeFileSync(file, randomBytes((i * 37) % 5000));
    utimesSync(file, changed, changed);
  }
}

/** Paths below a folder, each with its content's hash: equal for equal trees. */
export function contents(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort();
  return Object.fromEntries(
    paths.map((path) => [relative(folder, path), createHash("sha256").update(readFileSync(path)).digest("hex")]),
  );
}

/** Runs a program to its end. Never through a shell: arguments are what they are. */
export function run(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: { ...inherited, ...environment }, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
}

/** As `run`, but any other end than success is an error with what the program said. */
export async function succeed(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const outcome = await run(command, args, environment);
  if (outcome.code !== 0)
    throw new Error(`${command} ${args.join(" ")} ended with ${outcome.code}\n${outcome.stdout}\n${outcome.stderr}`);
  return outcome.stdout;
}
