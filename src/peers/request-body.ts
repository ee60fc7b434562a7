import type { IncomingMessage } from "node:http";
import type { z } from "zod";
import { readShort } from "../streams/short-body.js";
import { Refusal } from "./refusal.js";

/** A body of at most `limit` bytes. Rejects with Refusal 413, or with the connection's error. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const tooLarge = () => new Refusal(413, `the body may have at most ${limit} bytes`);
  if (Number(request.headers["content-length"] ?? 0) > limit) throw tooLarge();
  // An iterator would destroy the request, and the answer with it, when it is left early.
  return readShort(request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>, limit, tooLarge);
}

/** A body in JSON of this form. Rejects with Refusal 400 or 413. */
export async function readJson<T extends z.ZodType>(
  request: IncomingMessage,
  schema: T,
  limit: number,
): Promise<z.output<T>> {
  const text = (await readBody(request, limit)).toString("utf8");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Refusal(400, "the body is no JSON", { cause });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Refusal(400, `the body is not as expected: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`);
}
