import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { createTarDecoder, type ParsedTarEntry } from "modern-tar";
import { ConfigError } from "../../config/config-error.js";
import { BEGINNING, beginningSchema, CONTENT, DIGEST, digestLine, END, endSchema, type Beginning } from "./format.js";

/** Of a digest, or of what describes the archive, at most. */
const SMALL_BYTES = 64 * 1024;

export interface ArchiveFile {
  readonly name: string;
  readonly size: number;
  /** To be read to its end. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Reads an archive from its beginning to its end, once. Memory does not depend on its size. */
export class ArchiveReader {
  private constructor(
    private readonly path: string,
    private readonly entries: AsyncIterator<ParsedTarEntry>,
    readonly beginning: Beginning,
  ) {}

  /** Rejects with ConfigError for what is no backup. */
  static async open(path: string): Promise<ArchiveReader> {
    const bytes = Readable.toWeb(createReadStream(path, { highWaterMark: 1024 * 1024 }));
    const entries = bytes.pipeThrough(
      createTarDecoder({ strict: true }) as never,
    ) as unknown as AsyncIterable<ParsedTarEntry>;
    const iterator = entries[Symbol.asyncIterator]();
    const first = await iterator.next().catch((cause: unknown) => {
      throw new ConfigError(`${path} is no backup of cess-s3, or is damaged: ${String(cause)}`, { cause });
    });
    if (first.done === true || first.value.header.name !== BEGINNING)
      throw new ConfigError(`${path} is no backup of cess-s3`);
    const beginning = beginningSchema.safeParse(JSON.parse(await small(first.value)));
    if (!beginning.success)
      throw new ConfigError(`${path}: ${beginning.error.issues.map(({ message }) => message).join("; ")}`);
    return new ArchiveReader(path, iterator, beginning.data);
  }

  /**
   * Gives each file to `take`, and checks that its bytes are those that were backed up. Rejects with ConfigError where
   * they are not, and where the archive was cut off.
   */
  async eachFile(
    take: (file: ArchiveFile) => Promise<void>,
  ): Promise<{ readonly files: number; readonly bytes: number }> {
    let [files, bytes] = [0, 0];
    for (;;) {
      const entry = await this.next();
      const { name, size } = entry.header;
      if (name === END) {
        const end = endSchema.parse(JSON.parse(await this.text(entry)));
        if (end.files !== files || end.bytes !== bytes) throw this.damaged("files are missing from it");
        return { files, bytes };
      }
      if (!CONTENT.test(name) || entry.header.type !== "file")
        throw this.damaged(`there is no place for ${name} in it`);
      const hash = createHash("sha256");
      await take({ name, size, chunks: this.hashed(entry, hash) });
      const digest = await this.next();
      const line = await this.text(digest);
      if (digest.header.name !== `${name}${DIGEST}` || line !== digestLine(hash.digest("hex"), name))
        throw this.damaged(`the bytes of ${name} are not those that were backed up`);
      files++;
      bytes += size;
    }
  }

  private async next(): Promise<ParsedTarEntry> {
    const next = await this.read(this.entries.next());
    if (next.done === true) throw this.damaged("it was cut off");
    return next.value;
  }

  private async *hashed(
    entry: ParsedTarEntry,
    hash: { update(bytes: Uint8Array): unknown },
  ): AsyncGenerator<Uint8Array, void> {
    const chunks = (entry.body as unknown as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    for (let next = await this.read(chunks.next()); next.done !== true; next = await this.read(chunks.next())) {
      hash.update(next.value);
      yield next.value;
    }
  }

  private text(entry: ParsedTarEntry): Promise<string> {
    return this.read(small(entry));
  }

  private read<T>(reading: Promise<T>): Promise<T> {
    return reading.catch((cause: unknown) => {
      throw this.damaged(cause instanceof Error ? cause.message : String(cause), cause);
    });
  }

  private damaged(why: string, cause?: unknown): ConfigError {
    return new ConfigError(`the backup ${this.path} is damaged: ${why}. Nothing of it was restored`, { cause });
  }
}

async function small({ header, body }: ParsedTarEntry): Promise<string> {
  if (header.size > SMALL_BYTES) throw new ConfigError(`${header.name} has ${header.size} bytes: this is no backup`);
  return text(body as never);
}
