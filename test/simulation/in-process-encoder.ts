import { createCodec } from "../../src/encoding/fastest-codec.js";
import type {
  Encoder,
  FileSlice,
  FragmentsTask,
  NumberedFragment,
  Reconstruction,
  Task,
  WantedFragment,
} from "../../src/encoding/encoder.js";
import { SegmentCoder } from "../../src/encoding/segment-coder.js";
import { hasHash, indexesOf, verified } from "../../src/encoding/wanted-fragments.js";
import { recordingDamage, type DamageRecord } from "../../src/model/damage.js";
import type { SegmentFormat, SegmentHashes } from "../../src/model/file.js";
import type { Hash } from "../../src/model/hash.js";
import type { Owner } from "./scheduler.js";

const coder = new SegmentCoder(createCodec());

/**
 * Stands in for the pool of worker threads: the real coder on the simulation's own thread, after a while of virtual
 * time. What a worker would be given is taken away from the caller here as well.
 */
export class InProcessEncoder implements Encoder {
  /** `made`: told of every fragment that is made of an object's bytes. */
  constructor(
    private readonly owner: Owner,
    private readonly random: () => number,
    private readonly made: (format: SegmentFormat, index: number, fragment: Uint8Array) => void,
    private readonly onDamage: DamageRecord,
  ) {}

  hashSegment(content: readonly FileSlice[], format: SegmentFormat, task?: Task): Promise<SegmentHashes> {
    return this.reading(this.after(task, () => coder.hashes(content, format)));
  }

  segmentHash(content: readonly FileSlice[], format: SegmentFormat, task?: Task): Promise<Hash> {
    return this.reading(this.after(task, () => coder.segmentHash(content, format)));
  }

  fragments(
    content: readonly FileSlice[],
    format: SegmentFormat,
    wanted: readonly WantedFragment[],
    task?: FragmentsTask,
  ): Promise<(Uint8Array | undefined)[]> {
    const work = this.after(task, () => {
      const made = coder.fragments(content, format, indexesOf(wanted), task?.into);
      for (const [i, { index }] of wanted.entries()) this.made(format, index, made[i]!);
      return verified(made, wanted);
    });
    return this.reading(work);
  }

  check(content: readonly FileSlice[], task?: Task): Promise<void> {
    return this.reading(this.after(task, () => coder.check(content)));
  }

  private reading<T>(work: Promise<T>): Promise<T> {
    return recordingDamage(work, this.onDamage);
  }

  reconstruct(
    available: readonly NumberedFragment[],
    wanted: readonly WantedFragment[],
    task?: Task,
  ): Promise<Reconstruction> {
    const given = available.map(({ index, bytes }) => ({ index, bytes: taken(bytes) }));
    return this.after(task, () => {
      const made = coder.reconstruct(given, indexesOf(wanted));
      return { available: given, made: verified(made, wanted) };
    });
  }

  verify(bytes: Uint8Array, hash: Hash, task?: Task): Promise<Uint8Array | undefined> {
    const given = taken(bytes);
    return this.after(task, () => (hasHash(given, hash) ? given : undefined));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private async after<T>(task: Task | undefined, work: () => T): Promise<T> {
    const ms = 1 + 100 * this.random() ** 4;
    await this.owner.sleep(ms / 2, task?.signal);
    // A thread does not stop in the middle.
    task?.onStart?.();
    await this.owner.sleep(ms / 2);
    return work();
  }
}

/** The bytes in a buffer of their own; the caller's is detached, as by a transfer to a thread. */
function taken(bytes: Uint8Array): Uint8Array {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength)
    return structuredClone(bytes, { transfer: [buffer] });
  return Uint8Array.from(bytes);
}
