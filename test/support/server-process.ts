import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { eventually } from "./eventually.js";

const STARTED_MS = 30_000;

/** A program that a test starts, ends and starts again. */
export class ServerProcess {
  private child: ChildProcess | undefined;
  private said = "";

  /** `isReady` is asked until it answers true. */
  constructor(
    private readonly program: string,
    private readonly args: readonly string[],
    private readonly options: SpawnOptions & { readonly isReady: () => Promise<boolean> },
  ) {}

  async start(): Promise<this> {
    const { isReady, ...options } = this.options;
    const child = spawn(this.program, this.args, { stdio: ["ignore", "pipe", "pipe"], ...options });
    this.child = child;
    let failure: Error | undefined;
    child.once("error", (error) => (failure = error));
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (chunk: string) => (this.said = (this.said + chunk).slice(-20_000)));
    await eventually(
      `${this.program} answers`,
      () => {
        if (failure) throw failure;
        if (child.exitCode !== null) throw new Error(`${this.program} ended with ${child.exitCode}:\n${this.said}`);
        return isReady();
      },
      STARTED_MS,
    );
    return this;
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /** What the program printed last. */
  get output(): string {
    return this.said;
  }

  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
  }
}
