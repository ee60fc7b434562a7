import { close } from "node:fs";
import type { ByteRange } from "../model/byte-range.js";
import { openFile, readBytes } from "../streams/descriptors.js";
import { ShortFile } from "../streams/file-chunks.js";

export const OPEN_PACKS_DEFAULTS = {
  /** Files kept open, at most. */
  files: 64,
  /** How long one is kept, ms, however often it is read: what was removed takes up its space for so long. */
  keptMs: 1_000,
};

interface OpenPack {
  readonly descriptor: number;
  readers: number;
  /** Not for further reads: the last of its readers closes it. */
  retired: boolean;
}

interface Kept {
  readonly opening: Promise<OpenPack>;
  /** Ends it. */
  readonly timer: ReturnType<typeof setTimeout>;
}

/**
 * Packs that are read, each kept open for a moment: one holds the small objects of one moment, which are often read
 * together, and to open and close a file costs several times what it costs to read a small object.
 */
export class OpenPacks {
  /** By path, in the order in which they were opened. */
  private readonly kept = new Map<string, Kept>();
  private readonly settings: typeof OPEN_PACKS_DEFAULTS;

  constructor(settings: Partial<typeof OPEN_PACKS_DEFAULTS> = {}) {
    this.settings = { ...OPEN_PACKS_DEFAULTS, ...settings };
  }

  /** The bytes of a range, in one chunk: it must be small. Fails as `open` and `read` do, and with ShortFile. */
  async *chunks(path: string, range: ByteRange): AsyncGenerator<Uint8Array, void> {
    if (range.end > range.start) yield await this.read(path, range);
  }

  private async read(path: string, range: ByteRange): Promise<Uint8Array> {
    const kept = this.kept.get(path);
    if (kept) {
      try {
        return await this.readFrom(kept, path, range);
      } catch {
        // A network file system forgets a file that was removed elsewhere. What is there now counts.
        this.retire(path, kept);
      }
    }
    return this.readFrom(this.kept.get(path) ?? this.keep(path), path, range);
  }

  private async readFrom({ opening }: Kept, path: string, { start, end }: ByteRange): Promise<Uint8Array> {
    const pack = await opening;
    pack.readers++;
    try {
      const bytes = Buffer.allocUnsafe(end - start);
      const filled = await readBytes(pack.descriptor, bytes, start);
      if (filled < bytes.length) throw new ShortFile(path, start + filled, end);
      return bytes;
    } finally {
      pack.readers--;
      closeUnused(pack);
    }
  }

  private keep(path: string): Kept {
    const opening = openPack(path);
    const kept = { opening, timer: setTimeout(() => this.retire(path, kept), this.settings.keptMs) };
    this.kept.set(path, kept);
    opening.catch(() => this.retire(path, kept));
    const [oldest] = this.kept;
    if (oldest && this.kept.size > this.settings.files) this.retire(...oldest);
    return kept;
  }

  /** The next read opens the file anew. */
  private retire(path: string, kept: Kept): void {
    if (this.kept.get(path) !== kept) return;
    this.kept.delete(path);
    clearTimeout(kept.timer);
    kept.opening.then(
      (pack) => {
        pack.retired = true;
        closeUnused(pack);
      },
      () => undefined,
    );
  }

  /** Closes all files; those that are being read, afterwards. */
  close(): void {
    for (const [path, kept] of [...this.kept]) this.retire(path, kept);
  }
}

function closeUnused(pack: OpenPack): void {
  if (pack.retired && pack.readers === 0) close(pack.descriptor, () => undefined);
}

async function openPack(path: string): Promise<OpenPack> {
  return { descriptor: await openFile(path), readers: 0, retired: false };
}
