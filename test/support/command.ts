import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually } from "./eventually.js";

const main = join(dirname(fileURLToPath(import.meta.url)), "../../src/main.js");

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `cess-s3 ARGS` to its end. */
export function cessS3(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [main, ...args],
      { env: { ...process.env, ...environment }, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
    );
  });
}

export interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly ms: number;
}

/** A cess-s3 command with what it printed; under a umask that forbids nothing. */
export class Command {
  output = "";
  private readonly began = Date.now();
  private readonly ended: Promise<Ended>;

  private constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (chunk: string) => (this.output += chunk));
    this.ended = once(child, "close").then(([code]) => ({
      code: code as number | null,
      output: this.output,
      ms: Date.now() - this.began,
    }));
  }

  static start(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Command {
    const before = process.umask(0);
    try {
      return new Command(
        spawn(process.execPath, [main, ...args], {
          stdio: ["ignore", "pipe", "pipe"],
          env: { ...process.env, ...environment },
        }),
      );
    } finally {
      process.umask(before);
    }
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  says(text: string): Promise<true> {
    return eventually(`${text} in what the command says`, () => this.output.includes(text));
  }

  end(): Promise<Ended> {
    return this.ended;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  kill(signal: "SIGKILL" | "SIGTERM"): Promise<Ended> {
    this.child.kill(signal);
    return this.ended;
  }
}
