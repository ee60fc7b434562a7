import { spawn, type ChildProcess } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { S3Client } from "@aws-sdk/client-s3";
import { eventually } from "./eventually.js";

const main = join(dirname(fileURLToPath(import.meta.url)), "../../src/main.js");
const READY_TIMEOUT_MS = 60_000;

export interface DevNode {
  readonly n: number;
  readonly account: string;
  readonly endpoint: string;
  readonly fault: string;
  readonly bytes: number;
}

export interface Finding {
  readonly check: string;
  readonly reason: string;
  readonly since: string;
}

export interface Readiness {
  /** Of the answer: 200 or 503. */
  readonly status: number;
  readonly reasons: readonly Finding[];
  readonly warnings: readonly Finding[];
}

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** What `cess-s3 dev` and `cess-s3 serve` print of where they listen. */
const PRINTED = {
  s3: /S3 endpoint\s+(https?:[^\s,]+)[\s,]/,
  admin: /(?:health and metrics at|admin)\s+(https?:[^\s;]+)[\s;]/,
};

/** A cess-s3 process as a user starts it, on any free ports: it prints which. */
export class GatewayProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly endpoint: string,
    readonly admin: string,
    /** All of it, and those of its lines that have ended. */
    private readonly said: { readonly text: string; readonly lines: readonly string[] },
    private readonly closed: Promise<unknown>,
  ) {}

  /** Starts `cess-s3 ARGS` and waits until it is ready, or answers that it is not, if that will do. */
  static async start(
    args: readonly string[],
    environment: Readonly<Record<string, string>>,
    { unready = false } = {},
  ): Promise<GatewayProcess> {
    const child = spawn(process.execPath, [main, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        CESS_S3_LISTEN: "127.0.0.1:0",
        CESS_S3_ADMIN_LISTEN: "127.0.0.1:0",
        ...environment,
      },
    });
    const closed = new Promise((resolve) => child.once("close", resolve));
    // Apart: a chunk may end within a line.
    const parts = { out: "", err: "" };
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (parts.out += chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (parts.err += chunk));
    const said = {
      get text() {
        return parts.err === "" ? parts.out : `${parts.out}\n${parts.err}`;
      },
      get lines() {
        return [parts.out, parts.err].flatMap((text) => text.split("\n").slice(0, -1));
      },
    };
    try {
      const [endpoint, admin] = await untilStarted(child, said, async () => {
        const [s3, admin] = [PRINTED.s3.exec(said.text)?.[1], PRINTED.admin.exec(said.text)?.[1]];
        if (s3 === undefined || admin === undefined) return undefined;
        const answer = await fetch(`${admin}/health/ready`).catch(() => undefined);
        return answer && (answer.ok || unready) ? ([s3, admin] as const) : undefined;
      });
      return new GatewayProcess(child, endpoint, admin, said, closed);
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Everything the process printed. */
  get output(): string {
    return this.said.text;
  }

  /** Waits until the process has printed it: an answer by HTTP may come before a line that was printed first. */
  says(text: string): Promise<true> {
    return eventually(`${text} in what the gateway says`, () => this.output.includes(text));
  }

  client(accessKeyId = "cessdev", secretAccessKey = "cessdevsecret", sessionToken?: string): S3Client {
    return new S3Client({
      endpoint: this.endpoint,
      region: "us-east-1",
      forcePathStyle: true,
      maxAttempts: 1,
      credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    });
  }

  /** Waits until the process has ended by itself, and all that it printed is here; resolves with its exit code. */
  async ended(): Promise<number | null> {
    await this.closed;
    return this.child.exitCode;
  }

  /** Ends the process and waits until it has; resolves with its exit code (null after SIGKILL). */
  async end(signal: "SIGTERM" | "SIGINT" | "SIGKILL" = "SIGTERM"): Promise<number | null> {
    this.child.kill(signal);
    return this.ended();
  }

  async nodes(): Promise<DevNode[]> {
    return (await (await fetch(`${this.admin}/dev/nodes`)).json()) as DevNode[];
  }

  async setFault(n: number, fault: string): Promise<void> {
    const answer = await fetch(`${this.admin}/dev/nodes/${n}`, { method: "PUT", body: JSON.stringify({ fault }) });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  }

  async dropCache(): Promise<void> {
    const answer = await fetch(`${this.admin}/cache`, { method: "DELETE" });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.admin}/metrics`)).text();
  }

  /** All samples of a family together. */
  async sum(family: string): Promise<number> {
    const lines = (await this.metrics()).split("\n").filter((line) => /^\w+/.exec(line)?.[0] === family);
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
  }

  /** Sends the signal; `end` waits. */
  kill(signal: "SIGTERM" | "SIGINT"): void {
    this.child.kill(signal);
  }

  async health(): Promise<Readiness> {
    const answer = await fetch(`${this.admin}/health/ready`);
    const { reasons, warnings } = (await answer.json()) as Omit<Readiness, "status">;
    return { status: answer.status, reasons, warnings };
  }

  /** The lines of the log, so far. */
  log(): LogLine[] {
    return this.said.lines.flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as LogLine] : []));
  }

  /** One sample of the metrics, by its name and labels as printed. */
  async metric(name: string): Promise<number> {
    const text = await this.metrics();
    const line = text.split("\n").find((each) => each.startsWith(`${name} `));
    if (line === undefined) throw new Error(`no metric ${name} in\n${text}`);
    return Number(line.slice(name.length + 1));
  }
}

/** What `probe` gives; fails with what the process said when that ends first, or takes too long. */
async function untilStarted<T>(
  child: ChildProcess,
  said: { readonly text: string },
  probe: () => Promise<T | undefined>,
): Promise<T> {
  for (const end = Date.now() + READY_TIMEOUT_MS; Date.now() < end;) {
    if (child.exitCode !== null) throw new Error(`the gateway ended with code ${child.exitCode}:\n${said.text}`);
    const value = await probe();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the gateway was not ready within ${READY_TIMEOUT_MS / 1000} s:\n${said.text}`);
}
