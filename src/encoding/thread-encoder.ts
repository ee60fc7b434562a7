import { availableParallelism } from "node:os";
import { abortable } from "../async/abort.js";
import { Semaphore, SemaphoreFull } from "../async/semaphore.js";
import { recordingDamage, type DamageRecord } from "../model/damage.js";
import { DomainError } from "../model/errors.js";
import type { SegmentFormat, SegmentHashes } from "../model/file.js";
import type { Hash } from "../model/hash.js";
import { type LeasedThread, ThreadPool } from "../threads/thread-pool.js";
import type {
  Encoder,
  FileSlice,
  FragmentsTask,
  NumberedFragment,
  Reconstruction,
  Task,
  WantedFragment,
} from "./encoder.js";
import type { EncodingCalls, EncodingThread } from "./worker.js";

export interface EncoderSettings {
  /** Worker threads: 1 MiB each, 33 MiB once they have met `cess-cbc`. Half as many more hash segments for requests. */
  readonly threads: number;
  /** Calls that may wait for a thread before callers are refused. */
  readonly waitingTasks: number;
  /** Told of damage to staged bytes before the caller is. */
  readonly onDamage: DamageRecord;
}

export const ENCODER_DEFAULTS: EncoderSettings = {
  threads: availableParallelism(),
  waitingTasks: 4096,
  onDamage: () => Promise.resolve(false),
};

/** A thread without work for so long ends, and its memory is free, ms. */
const IDLE_MS = 30_000;

/** The bytes in a buffer of their own, which can be transferred. Copied only if they are part of a larger buffer. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength)
    return new Uint8Array(buffer, 0, bytes.byteLength);
  return new Uint8Array(bytes);
}

/**
 * The Encoder over a pool of worker threads. A running task is not interrupted (it takes 0.1 s), but its caller may
 * abort.
 */
export class ThreadEncoder implements Encoder {
  private readonly coding: Line;
  private readonly hashing: Line;
  private readonly onDamage: DamageRecord;

  constructor(settings: Partial<EncoderSettings> = {}) {
    const { threads, waitingTasks, onDamage } = { ...ENCODER_DEFAULTS, ...settings };
    this.onDamage = onDamage;
    this.coding = new Line(threads, waitingTasks, { yields: true });
    // Half of the threads, so that the event loop has a core for itself while they are busy.
    this.hashing = new Line(Math.ceil(threads / 2), waitingTasks, { yields: false });
  }

  hashSegment(content: readonly FileSlice[], format: SegmentFormat, task?: Task): Promise<SegmentHashes> {
    return this.reading(this.coding.run((thread) => thread.call("hashSegment", { content, format }), task));
  }

  segmentHash(content: readonly FileSlice[], format: SegmentFormat, task?: Task): Promise<Hash> {
    return this.reading(this.hashing.run((thread) => thread.call("segmentHash", { content, format }), task));
  }

  async fragments(
    content: readonly FileSlice[],
    format: SegmentFormat,
    wanted: readonly WantedFragment[],
    { into, ...task }: FragmentsTask = {},
  ): Promise<(Uint8Array | undefined)[]> {
    const work = (thread: LeasedThread<EncodingCalls>) => thread.call("fragments", { content, format, wanted, into });
    const made = await this.reading(this.coding.run(work, task));
    // What comes from the thread is another view of the same memory.
    return into ? made.map((bytes, i) => bytes && into[i]) : made;
  }

  check(content: readonly FileSlice[], task?: Task): Promise<void> {
    return this.reading(this.hashing.run((thread) => thread.call("check", content), task));
  }

  private reading<T>(work: Promise<T>): Promise<T> {
    return recordingDamage(work, this.onDamage);
  }

  reconstruct(
    available: readonly NumberedFragment[],
    wanted: readonly WantedFragment[],
    task?: Task,
  ): Promise<Reconstruction> {
    const given = available.map(({ index, bytes }) => ({ index, bytes: owned(bytes) }));
    const buffers = given.map(({ bytes }) => bytes.buffer);
    return this.coding.run((thread) => thread.call("reconstruct", { available: given, wanted }, buffers), task);
  }

  verify(bytes: Uint8Array, hash: Hash, task?: Task): Promise<Uint8Array | undefined> {
    const given = owned(bytes);
    return this.coding.run((thread) => thread.call("verify", { bytes: given, hash }, [given.buffer]), task);
  }

  async close(): Promise<void> {
    await Promise.all([this.coding.close(), this.hashing.close()]);
  }
}

/** Threads, and the tasks that wait for them. */
class Line {
  private readonly pool: ThreadPool<EncodingCalls>;
  private readonly turns: Semaphore;

  constructor(threads: number, waiting: number, data: EncodingThread) {
    this.pool = new ThreadPool({ module: new URL("./worker.js", import.meta.url), threads, idleMs: IDLE_MS, data });
    this.turns = new Semaphore({ permits: threads, waiting });
  }

  async run<T>(
    work: (thread: LeasedThread<EncodingCalls>) => Promise<T>,
    { priority = "foreground", signal, onStart }: Task = {},
  ): Promise<T> {
    const onThread = async () => {
      onStart?.();
      const thread = this.pool.lease();
      try {
        return await work(thread);
      } finally {
        thread.release();
      }
    };
    try {
      return await abortable(this.turns.run(onThread, { priority, signal }), [signal]);
    } catch (error) {
      if (error instanceof SemaphoreFull)
        throw new DomainError({ kind: "overloaded" }, "too much work is waiting for the encoder");
      throw error;
    }
  }

  async close(): Promise<void> {
    this.turns.close(new Error("the encoder is closed"));
    await this.pool.close();
  }
}
