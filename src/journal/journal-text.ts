import { pipeline, Readable } from "node:stream";
import { createInterface } from "node:readline";
import { createGunzip, createGzip } from "node:zlib";
import { z } from "zod";
import { unitNames, type JournalUnit } from "../model/journal-unit.js";
import { JournalDamaged } from "./journal-damaged.js";

/** The first line of a journal. */
const headSchema = z.strictObject({
  type: z.literal("cess-s3-journal"),
  version: z.literal(1),
  /** Eight hex digits: of the catalog whose journal it is. */
  stream: z.string().regex(/^[0-9a-f]{8}$/),
  number: z.number().int().positive(),
  snapshot: z.boolean(),
  /** FID of the journal before it that was ordered; null: it is the first one. */
  previous: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
  /** The newest migration of the catalog. */
  schema: z.string(),
  /** ISO 8601. */
  begunAt: z.string(),
});
export type JournalHead = z.infer<typeof headSchema>;

/** The last line. */
const endSchema = z.strictObject({
  end: z.literal(true),
  units: z.number().int().nonnegative(),
  whole: z.boolean(),
  readAt: z.string(),
});
export type JournalEnd = z.infer<typeof endSchema>;

const row = z.record(z.string(), z.union([z.string(), z.number(), z.null()]));
const unitSchema = z.strictObject({
  unit: z.enum(unitNames),
  key: z.union([z.string(), z.number()]),
  rows: z.record(z.string(), z.array(row)).exactOptional(),
});

/** The text of a journal, compressed: a line of JSON for its head, for each unit, and for its end. */
export function compressed(lines: AsyncIterable<JournalHead | JournalUnit | JournalEnd>): AsyncIterable<Buffer> {
  const texts = async function* () {
    for await (const line of lines) yield `${JSON.stringify(line)}\n`;
  };
  // Whoever reads it gets the failure.
  return pipeline(Readable.from(texts()), createGzip(), () => undefined);
}

/** What a journal holds, read once from its beginning to its end. */
export class JournalReader {
  private constructor(
    readonly head: JournalHead,
    private readonly lines: AsyncIterator<string>,
  ) {}

  /** `content`: as `compressed` has made it. Rejects with JournalDamaged. */
  static async open(content: AsyncIterable<Uint8Array>): Promise<JournalReader> {
    const lines = linesOf(content);
    const first = await lines.next();
    if (first.done === true) throw new JournalDamaged("it is empty");
    return new JournalReader(parsed(headSchema, first.value), lines);
  }

  /** All units, then its end as the returned value. Throws JournalDamaged where it is cut off. */
  async *units(): AsyncGenerator<JournalUnit, JournalEnd> {
    let count = 0;
    for (;;) {
      const next = await this.lines.next();
      if (next.done === true) throw new JournalDamaged("it has no end");
      if (next.value.startsWith('{"end":')) {
        const end = parsed(endSchema, next.value);
        if ((await this.lines.next()).done !== true) throw new JournalDamaged("it goes on after its end");
        if (end.units !== count) throw new JournalDamaged(`it has ${count} units, and says ${end.units}`);
        return end;
      }
      count++;
      yield parsed(unitSchema, next.value);
    }
  }

  async close(): Promise<void> {
    await this.lines.return?.();
  }
}

async function* linesOf(content: AsyncIterable<Uint8Array>): AsyncGenerator<string, void> {
  const text = pipeline(Readable.from(content), createGunzip(), () => undefined);
  const failed = new Promise<never>((_resolve, reject) => text.once("error", reject));
  failed.catch(() => undefined);
  const lines = createInterface({ input: text, crlfDelay: Infinity })[Symbol.asyncIterator]();
  try {
    for (;;) {
      // The lines of a stream that fails end without an error.
      const next = await Promise.race([lines.next(), failed]);
      if (next.done === true) return;
      yield next.value;
    }
  } catch (error) {
    throw error instanceof JournalDamaged || !isZlib(error)
      ? error
      : new JournalDamaged("it cannot be uncompressed", { cause: error });
  } finally {
    text.destroy();
  }
}

const isZlib = (error: unknown) =>
  error instanceof Error && "code" in error && typeof error.code === "string" && error.code.startsWith("Z_");

function parsed<Value>(schema: z.ZodType<Value>, text: string): Value {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new JournalDamaged("a line of it is no JSON", { cause });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new JournalDamaged(
    `a line of it is not one that this version knows: ${z.prettifyError(result.error).slice(0, 300)}`,
    {
      cause: result.error,
    },
  );
}
