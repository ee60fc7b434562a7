import { createHash } from "node:crypto";
import { RunCipher, openedLength, sealedRange } from "../encoding/run-cipher.js";
import { type ByteRange, rangeLength } from "../model/byte-range.js";
import type { CessFile, PackedRun } from "../model/file.js";
import { CHUNK_CONTENT, CHUNK_SIZE, FRAGMENT_SIZE, KIB } from "../model/sizes.js";
import { type ReadStep, readSteps } from "./read-plan.js";
import type { FileRange } from "./retrieval.js";

/** Bytes hashed or decrypted in one go, few enough not to block the event loop (0.5 ms). */
const SLICE = 512 * KIB;

/** Whether it is proven and read as one. A longer one that is not encrypted is read like any range of the pack. */
export function isReadWhole({ key, length }: PackedRun): boolean {
  return key !== undefined || length <= FRAGMENT_SIZE;
}

/** The range of the pack that a range of a packed object is, where the object is not encrypted. */
export function inPack({ file, range, packed }: FileRange): FileRange {
  if (!packed) return { file, range };
  requireInside(range, packed.length);
  return { file, range: { start: packed.offset + range.start, end: packed.offset + range.end } };
}

/** What of a packed object's stored bytes is read at a time, how it is proven, and how it becomes content. */
export class PackedObject {
  private readonly cipher: RunCipher | undefined;
  /** Names the stored bytes, and what proves them. */
  readonly key: string;

  /** Throws RangeError for a run outside the pack's content. */
  constructor(
    readonly pack: CessFile,
    readonly run: PackedRun,
  ) {
    if (pack.format.name !== "plain")
      throw new RangeError(`file ${pack.fid} is no pack: it is not in the plain format`);
    if (run.offset < 0 || run.length < 1 || run.offset + run.length > pack.size)
      throw new RangeError(`bytes ${run.offset} to ${run.offset + run.length} are outside a pack of ${pack.size}`);
    this.cipher = run.key === undefined ? undefined : new RunCipher(run.key);
    this.key = `${pack.fid} ${run.offset} ${run.digest}`;
  }

  /**
   * The stored bytes that this range of the content needs, at most 8 MiB at a time: the whole run, or, if it is
   * encrypted, whole chunks. Throws RangeError for a range outside the object.
   */
  *parts(range: ByteRange): Generator<ByteRange, void> {
    const { length } = this.run;
    requireInside(range, this.cipher ? openedLength(length) : length);
    if (rangeLength(range) === 0) return;
    if (!this.cipher) {
      yield { start: 0, end: length };
      return;
    }
    const sealed = sealedRange(range, length);
    for (let { start } = sealed; start < sealed.end; start += FRAGMENT_SIZE)
      yield { start, end: Math.min(start + FRAGMENT_SIZE, sealed.end) };
  }

  isWhole(part: ByteRange): boolean {
    return part.start === 0 && part.end === this.run.length;
  }

  /** The pack's data fragments that hold this part of the run, in order. */
  steps({ start, end }: ByteRange): ReadStep[] {
    const { offset } = this.run;
    return [...readSteps([{ file: this.pack, range: { start: offset + start, end: offset + end } }])];
  }

  /** Whether these are the stored bytes: by the digest of the whole run, or else by the tags of its chunks. */
  async proves(part: ByteRange, bytes: Uint8Array): Promise<boolean> {
    if (!this.isWhole(part)) return this.authentic(part, bytes);
    const hasher = createHash("sha256");
    for (let at = 0; at < bytes.length; at += SLICE) {
      if (at > 0) await turn();
      hasher.update(bytes.subarray(at, at + SLICE));
    }
    return hasher.digest("hex") === this.run.digest;
  }

  /** The content that the reader asked for, of one part. Throws Error for a chunk that does not authenticate. */
  *content(part: ByteRange, bytes: Uint8Array, { start, end }: ByteRange): Generator<Uint8Array, void> {
    if (!this.cipher) {
      for (let at = start; at < end; at += SLICE) yield bytes.subarray(at, Math.min(at + SLICE, end));
      return;
    }
    let ready: Uint8Array[] = [];
    let position = (part.start / CHUNK_SIZE) * CHUNK_CONTENT;
    for (const chunk of this.chunks(part, bytes)) {
      ready.push(chunk.subarray(Math.max(start - position, 0), Math.max(end - position, 0)));
      position += chunk.length;
      if (ready.length * CHUNK_SIZE < SLICE) continue;
      yield Buffer.concat(ready);
      ready = [];
    }
    if (ready.length > 0) yield Buffer.concat(ready);
  }

  private async authentic(part: ByteRange, bytes: Uint8Array): Promise<boolean> {
    let opened = 0;
    try {
      for (const chunk of this.chunks(part, bytes)) {
        opened += chunk.length;
        if (opened < SLICE) continue;
        opened = 0;
        await turn();
      }
    } catch {
      return false;
    }
    return true;
  }

  private *chunks(part: ByteRange, bytes: Uint8Array): Generator<Buffer, void> {
    if (!this.cipher) throw new RangeError("a part of a run that is not encrypted cannot be proven");
    for (let at = 0; at < bytes.length; at += CHUNK_SIZE)
      yield this.cipher.open((part.start + at) / CHUNK_SIZE, bytes.subarray(at, at + CHUNK_SIZE));
  }
}

function requireInside({ start, end }: ByteRange, size: number): void {
  if (start < 0 || end > size || end < start)
    throw new RangeError(`bytes ${start} to ${end} are outside a packed object of ${size}`);
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
