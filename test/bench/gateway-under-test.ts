import { fork, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, request, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import aws4 from "aws4";
import type { AccessKey, CessAccount } from "../../src/model/account.js";

export const BENCH_KEY: AccessKey = {
  accessKeyId: "benchkey", secretAccessKey: "benchsecret",
  account: { id: "b".repeat(64), displayName: "bench", cessAccount: "cXbench" as CessAccount, territory: "bench" },
};

export type Command =
  | { readonly name: "store"; readonly bucket: string; readonly key: string }
  | { readonly name: "fill"; readonly bucket: string; readonly count: number; readonly perPrefix: number }
  | { readonly name: "usage" };

/** Of the gateway's process. */
export interface Usage {
  /** Since the last time it was asked, all threads together. */
  readonly cpuMs: number;
  readonly rssMib: number;
}

export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body?: Buffer;
  /** More headers; they are not signed. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Without a signature: for a server that knows none. */
  readonly plain?: boolean;
  /** Keep the answer's body instead of letting it pass. */
  readonly keep?: boolean;
}

/** A gateway in a process of its own, on an empty folder, and a client that costs little beside it. */
export class GatewayUnderTest {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 512 });
  readonly #waiting = new Map<number, (answer: { result?: Usage; error?: string }) => void>();
  #commands = 0;

  private constructor(readonly port: number, private readonly child: ChildProcess, readonly folder: string) {
    child.on("message", (message: { id: number; result?: Usage; error?: string }) => this.#waiting.get(message.id)?.(message));
  }

  static async start(): Promise<GatewayUnderTest> {
    const folder = await mkdtemp(join(tmpdir(), "cess-s3-bench-"));
    const child = fork(fileURLToPath(new URL("./gateway-child.js", import.meta.url)), [folder]);
    const port = await new Promise<number>((resolve, reject) => {
      child.once("message", (message: { port: number }) => resolve(message.port));
      child.once("exit", (code) => reject(new Error(`the gateway ended with ${code}`)));
    });
    return new GatewayUnderTest(port, child, folder);
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.disconnect();
    await ended;
    await rm(this.folder, { recursive: true, force: true });
  }

  store(bucket: string, key: string): Promise<unknown> {
    return this.#command({ name: "store", bucket, key });
  }

  fill(bucket: string, count: number, perPrefix: number): Promise<unknown> {
    return this.#command({ name: "fill", bucket, count, perPrefix });
  }

  async usage(): Promise<Usage> {
    return (await this.#command({ name: "usage" })) ?? { cpuMs: 0, rssMib: 0 };
  }

  #command(command: Command): Promise<Usage | undefined> {
    const id = ++this.#commands;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }) => {
        this.#waiting.delete(id);
        if (error === undefined) resolve(result);
        else reject(new Error(error));
      });
      this.child.send({ id, command });
    });
  }

  /** Sends one request and reads its answer to the end; rejects unless that is a 2xx. Resolves with the text if kept. */
  async send(sent: Sent): Promise<string> {
    const answer = await this.open(sent);
    let text = "";
    if (sent.keep === true) answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    else answer.resume();
    await new Promise((resolve, reject) => answer.once("end", resolve).once("error", reject));
    if (answer.statusCode === undefined || answer.statusCode >= 300) throw new Error(`${sent.method} ${sent.path}: ${answer.statusCode}`);
    return text;
  }

  /** Sends one request; the answer's body is the caller's to read. */
  open({ method, path, body, headers = {}, plain = false }: Sent, port = this.port): Promise<IncomingMessage> {
    const host = `127.0.0.1:${port}`;
    const signed = plain ? { Host: host } : sign(method, path, host);
    return new Promise((resolve, reject) => {
      const outgoing = request({
        host: "127.0.0.1", port, method, path, agent: this.#agent,
        headers: { ...signed, ...headers, ...(body ? { "Content-Length": String(body.length) } : {}) },
      }, resolve);
      outgoing.once("error", reject);
      outgoing.end(body);
    });
  }
}

function sign(method: string, path: string, host: string): Record<string, string> {
  const signed = aws4.sign(
    { service: "s3", region: "us-east-1", method, path, host, headers: { Host: host, "X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD" } },
    { accessKeyId: BENCH_KEY.accessKeyId, secretAccessKey: BENCH_KEY.secretAccessKey },
  );
  return signed.headers as Record<string, string>;
}

/** Runs `work` for each number from 0 to `count`, so many at a time. */
export async function inParallel(count: number, width: number, work: (n: number) => Promise<unknown>): Promise<void> {
  const numbers = Array(count).keys();
  const lane = async () => {
    for (const n of numbers) await work(n);
  };
  await Promise.all(Array.from({ length: width }, lane));
}

/** The value that `share` (0…1) of the samples do not exceed. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
