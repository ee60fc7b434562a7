import { Agent, request, type IncomingMessage } from "node:http";
import aws4 from "aws4";
import type { AccessKey, CessAccount } from "../../src/model/account.js";

/** Of the form that Garage asks for; others take any. */
export const BENCH_KEY: AccessKey = {
  accessKeyId: `GK${"b".repeat(24)}`,
  secretAccessKey: "5".repeat(64),
  account: { id: "b".repeat(64), displayName: "bench", cessAccount: "cXbench" as CessAccount, territory: "bench" },
};

export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body?: Buffer;
  /** Keep the answer's body instead of letting it pass. */
  readonly keep?: boolean;
}

/** Signed requests over connections kept alive, at little cost beside the server's. */
export class BenchClient {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 512 });

  constructor(readonly port: number) {}

  /**
   * Sends one request and reads its answer to the end; rejects unless that is a 2xx. Resolves with the text if kept.
   */
  async send(sent: Sent): Promise<string> {
    const answer = await this.open(sent);
    let text = "";
    if (sent.keep === true) answer.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
    else answer.resume();
    await new Promise((resolve, reject) => answer.once("end", resolve).once("error", reject));
    if (answer.statusCode === undefined || answer.statusCode >= 300)
      throw new Error(`${sent.method} ${sent.path}: ${answer.statusCode}`);
    return text;
  }

  /** Sends one request; the answer's body is the caller's to read. */
  open({ method, path, body }: Sent): Promise<IncomingMessage> {
    const host = `127.0.0.1:${this.port}`;
    const headers = signedHeaders(method, path, host);
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: "127.0.0.1",
          port: this.port,
          method,
          path,
          agent: this.agent,
          headers: { ...headers, ...(body ? { "Content-Length": String(body.length) } : {}) },
        },
        resolve,
      );
      outgoing.once("error", reject);
      outgoing.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

/** A signature over an unsigned body. */
export function signedHeaders(method: string, path: string, host: string): Record<string, string> {
  const signed = aws4.sign(
    {
      service: "s3",
      region: "us-east-1",
      method,
      path,
      host,
      headers: { Host: host, "X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD" },
    },
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
