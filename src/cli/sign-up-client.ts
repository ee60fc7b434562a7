import { request } from "undici";
import type { z } from "zod";
import { CommandError } from "./command-error.js";
import { plainText } from "./text.js";

/** How long an answer may take, ms: an authorization is answered when it is in a final block. */
const TIMEOUT_MS = 240_000;
/** Bytes of an answer. */
const ANSWER_LIMIT = 64 * 1024;

/** Asks a gateway's sign-up. All reject with CommandError: with the gateway's words when it refused. */
export class SignUpClient {
  constructor(private readonly gateway: URL) {}

  async post<T extends z.ZodType>(path: string, body: unknown, schema: T): Promise<z.output<T>> {
    const { status, text } = await this.send(path, body);
    const answer = parsed(text);
    if (status >= 300) {
      const { code = "", message = `status ${status}` } = (answer ?? {}) as { code?: unknown; message?: unknown };
      throw new CommandError(
        `the gateway refused: ${plainText(String(message))}${code === "" ? "" : ` (${plainText(String(code))})`}`,
      );
    }
    const result = schema.safeParse(answer);
    if (result.success) return result.data;
    throw new CommandError(`${this.gateway.origin} does not answer as a gateway with sign-up does: is this its URL?`);
  }

  private async send(path: string, body: unknown): Promise<{ readonly status: number; readonly text: string }> {
    const url = new URL(path, this.gateway);
    try {
      const answer = await request(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
        headersTimeout: TIMEOUT_MS,
        bodyTimeout: TIMEOUT_MS,
      });
      let text = "";
      for await (const part of answer.body.setEncoding("utf8") as AsyncIterable<string>) {
        text += part;
        if (text.length > ANSWER_LIMIT) throw new Error("the answer is too long");
      }
      return { status: answer.statusCode, text };
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new CommandError(`no gateway answers at ${url.origin}: ${why}`, { cause });
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
