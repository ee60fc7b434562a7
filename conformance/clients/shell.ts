import { spawn, spawnSync } from "node:child_process";

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function installed(command: string): boolean {
  return spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;
}

/** Settings of whoever runs the suite (certificates, profiles, proxies) must not reach the program under test. */
const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AWS|RCLONE|S3)_/.test(name)));

/** Runs a program to its end. Never through a shell: arguments are what they are. */
export function run(command: string, args: readonly string[], environment: Readonly<Record<string, string>>): Promise<Outcome> {
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
export async function succeed(command: string, args: readonly string[], environment: Readonly<Record<string, string>>): Promise<string> {
  const outcome = await run(command, args, environment);
  if (outcome.code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${outcome.code}\n${outcome.stdout}\n${outcome.stderr}`);
  return outcome.stdout;
}
