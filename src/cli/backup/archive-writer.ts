import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, open, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { createTarPacker, type TarPackController } from "modern-tar";
import { syncFolder } from "../../files/folder-sync.js";
import { asError } from "../../model/errors.js";
import { DIGEST, digestLine } from "./format.js";

const CHUNK_BYTES = 1024 * 1024;

/**
 * Writes an archive beside its name, with mode 0600, and gives it its name when it is whole and on the disk. Memory does
 * not depend on its size.
 */
export class ArchiveWriter {
  files = 0;
  bytes = 0;
  private failure: Error | undefined;
  private onFailure: (error: Error) => void = () => undefined;

  private constructor(
    private readonly path: string,
    private readonly file: FileHandle,
    private readonly tar: TarPackController,
    private readonly written: Promise<void>,
  ) {}

  /** `path`.partial must not be written by anything else. */
  static async open(path: string): Promise<ArchiveWriter> {
    const file = await open(unfinished(path), "w", 0o600);
    await chmod(unfinished(path), 0o600);
    const { readable, controller } = createTarPacker();
    const written = writeAll(file, readable);
    const archive = new ArchiveWriter(path, file, controller, written);
    written.catch((error: unknown) => {
      archive.failure = asError(error);
      archive.onFailure(archive.failure);
    });
    return archive;
  }

  /** The first `size` bytes of a file. Rejects when it is shorter. `onBytes` is told as they are written. */
  async addFile(name: string, path: string, size: number, onBytes: (count: number) => void): Promise<void> {
    const source = size === 0 ? [] : createReadStream(path, { end: size - 1, highWaterMark: CHUNK_BYTES });
    const digest = await this.add(name, size, source as AsyncIterable<Uint8Array>, onBytes);
    await this.addText(`${name}${DIGEST}`, digestLine(digest, name));
    this.files++;
    this.bytes += size;
  }

  async addJson(name: string, value: unknown): Promise<void> {
    await this.addText(name, `${JSON.stringify(value, undefined, 2)}\n`);
  }

  /** The archive has its name, and is on the disk, when this resolves. */
  async finish(): Promise<void> {
    this.tar.finalize();
    await this.written;
    await this.file.sync();
    await this.file.close();
    await rename(unfinished(this.path), this.path);
    await syncFolder(dirname(this.path));
  }

  /** Removes what was written. */
  async abandon(error: unknown): Promise<void> {
    this.tar.error(error);
    await this.written.catch(() => undefined);
    await this.file.close();
    await rm(unfinished(this.path), { force: true });
  }

  private async addText(name: string, text: string): Promise<void> {
    const bytes = Buffer.from(text);
    await this.add(name, bytes.length, [bytes], () => undefined);
  }

  /** Returns the SHA-256 in hex. */
  private async add(
    name: string,
    size: number,
    chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    onBytes: (count: number) => void,
  ): Promise<string> {
    const hash = createHash("sha256");
    const entry = this.tar.add({ name, size, mode: 0o600, type: "file", mtime: new Date() }).getWriter();
    // A failure of the sink shows as the writer's; `write` rejects, too.
    entry.closed.catch(() => undefined);
    let position = 0;
    for await (const chunk of chunks) {
      hash.update(chunk);
      position += chunk.length;
      await this.untilTaken(entry.write(chunk));
      onBytes(chunk.length);
    }
    if (position !== size) throw new Error(`${name} has ${position} bytes, ${size} were expected`);
    await this.untilTaken(entry.close());
    return hash.digest("hex");
  }

  /** Nobody takes further bytes when the pipeline has ended, as on a full disk. */
  private async untilTaken(write: Promise<void>): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.onFailure = reject;
      write.then(resolve, reject);
      if (this.failure !== undefined) reject(this.failure);
    });
  }
}

async function writeAll(file: FileHandle, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) await file.writeFile(chunk);
}

const unfinished = (path: string) => `${path}.partial`;
