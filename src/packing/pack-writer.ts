import { createHash, randomBytes } from "node:crypto";
import type { Blobs } from "../blobs/blobs.js";
import type { PackedObject, PackMove, PackRun, QueuedObject } from "../catalog/catalog.js";
import { RunCipher, sealedLength } from "../encoding/run-cipher.js";
import type { Hash } from "../model/hash.js";
import type { BlobSlice } from "../model/object.js";
import { FRAGMENT_SIZE, PACK_HEADER_BYTES } from "../model/sizes.js";

/** A pack begins with a header: docs/packs.md describes it. */
const MAGIC = "CESSPACK";
const FORMAT_VERSION = 1;
const ID_BYTES = 16;

/** Runs of up to so many bytes do not cross from one fragment into the next, so that one storage node has them whole. */
export const UNDIVIDED_BYTES = FRAGMENT_SIZE / 16;

/**
 * Bytes of a pack with runs of so many bytes, at most: a gap ends each fragment, before a run that must not cross into
 * the next one.
 */
export function mostBytes(runs: number): number {
  const written = PACK_HEADER_BYTES + runs;
  return written + Math.floor(written / (FRAGMENT_SIZE - UNDIVIDED_BYTES)) * UNDIVIDED_BYTES;
}

/** A live run of an older pack, with its bytes. */
export interface Survivor extends PackRun {
  readonly file: string;
}

/** Zeros between runs. */
const GAP = new Uint8Array(UNDIVIDED_BYTES);

/**
 * Writes the content of one pack: a header, then the objects' bytes one after another. It is asked for bytes until it
 * ends, and then knows what lies where.
 */
export class PackWriter {
  readonly objects: PackedObject[] = [];
  readonly moves: PackMove[] = [];
  /** Objects that could not be read, with the reason. */
  readonly unreadable = new Map<string, unknown>();
  private position = 0;

  /** `capacity`: bytes of the pack's content. What does not fit is left out. */
  constructor(
    private readonly blobs: Pick<Blobs, "read">,
    private readonly capacity: number,
  ) {}

  /** Bytes written so far. */
  get bytes(): number {
    return this.position;
  }

  /** A random id makes every pack's FID its own: none is shared with another owner, or with an object's own file. */
  *header(): Generator<Uint8Array, void> {
    const header = Buffer.alloc(PACK_HEADER_BYTES);
    header.write(MAGIC, "latin1");
    header.writeUInt8(FORMAT_VERSION, MAGIC.length);
    randomBytes(ID_BYTES).copy(header, 16);
    this.position += header.length;
    yield header;
  }

  /** Resolves whether it fitted. What cannot be read is not packed; bytes of it may lie in the pack, and count as dead. */
  async *object(queued: QueuedObject, signal: AbortSignal): AsyncGenerator<Uint8Array, boolean> {
    const { version, size, blobs, format } = queued;
    const sealed = format.name === "aes-256-gcm" && format.key !== undefined ? new RunCipher(format.key) : undefined;
    const length = sealed ? sealedLength(size) : size;
    // The first is taken in any case: it may be from a time when packs were larger, and nothing behind it would be packed.
    if (this.objects.length > 0 && !this.fits(length)) return false;
    const content = this.staged(blobs);
    try {
      const run = yield* this.run(length, sealed ? sealed.seal(content) : content);
      this.objects.push({ version, size, ...run });
    } catch (error) {
      signal.throwIfAborted();
      this.unreadable.set(version, error);
    }
    return true;
  }

  /** A run of another pack. Throws Error when its bytes are not those that it should have. */
  async *survivor(survivor: Survivor, content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, boolean> {
    const { file, offset, length, digest } = survivor;
    if (!this.fits(length)) return false;
    const run = yield* this.run(length, content);
    if (run.digest !== digest)
      throw new Error(`the bytes of pack ${file} at ${offset} have the digest ${run.digest}, not ${digest}`);
    this.moves.push({ offset: run.offset, length, source: { file, offset } });
    return true;
  }

  private async *staged(slices: readonly BlobSlice[]): AsyncGenerator<Uint8Array, void> {
    for (const { blob, offset, length } of slices)
      yield* this.blobs.read(blob, { start: offset, end: offset + length });
  }

  private fits(length: number): boolean {
    return this.position + this.gapBefore(length) + length <= this.capacity;
  }

  private gapBefore(length: number): number {
    const inFragment = this.position % FRAGMENT_SIZE;
    const divided = inFragment + length > FRAGMENT_SIZE;
    return divided && length <= UNDIVIDED_BYTES ? FRAGMENT_SIZE - inFragment : 0;
  }

  private async *run(length: number, content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, PackRun> {
    const gap = this.gapBefore(length);
    if (gap > 0) yield GAP.subarray(0, gap);
    this.position += gap;
    const offset = this.position;
    const sha256 = createHash("sha256");
    for await (const bytes of content) {
      // Before they are counted: what is not written must not shift what follows.
      if (this.position + bytes.length > offset + length)
        throw new Error(`more than the ${length} bytes that were announced`);
      this.position += bytes.length;
      sha256.update(bytes);
      yield bytes;
    }
    if (this.position !== offset + length)
      throw new Error(`only ${this.position - offset} of the ${length} bytes that were announced`);
    return { offset, length, digest: sha256.digest("hex") as Hash };
  }
}
