import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { abortable } from "../async/abort.js";
import { Semaphore, SemaphoreFull } from "../async/semaphore.js";
import { S3Error } from "../model/errors.js";
import type { SegmentFormat, SegmentHashes } from "../model/file.js";
import type { Hash } from "../model/hash.js";
import type { Encoder, FileSlice, NumberedFragment, Reconstruction, Task, WantedFragment } from "./encoder.js";
import type { WorkerTasks } from "./worker.js";

export interface EncoderSettings {
  /** Worker threads: 1 MiB each, 33 MiB once they have met `cess-cbc`. */
  readonly threads: number;
  /** Calls that may wait for a thread before callers are refused with SlowDown. */
  readonly waitingTasks: number;
}

export const ENCODER_DEFAULTS: EncoderSettings = { threads: availableParallelism(), waitingTasks: 4096 };

/** The bytes in a buffer of their own, which can be transferred; copied only when they are part of a larger one. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength)
    return new Uint8Array(buffer, 0, bytes.byteLength);
  return new Uint8Array(bytes);
}

/** The Encoder over a pool of worker threads. A task that runs is never interrupted (0.1 s); its caller may leave. */
export class ThreadEncoder implements Encoder {
  private readonly pool: Piscina;
  private readonly turns: Semaphore;

  constructor(settings: Partial<EncoderSettings> = {}) {
    const { threads, waitingTasks } = { ...ENCODER_DEFAULTS, ...settings };
    this.pool = new Piscina({
      filename: fileURLToPath(new URL("./worker.js", import.meta.url)),
      minThreads: 1,
      maxThreads: threads,
      idleTimeout: 30_000,
    });
    this.turns = new Semaphore({ permits: threads, waiting: waitingTasks });
  }

  hashSegment(content: readonly FileSlice[], format: SegmentFormat, task?: Task): Promise<SegmentHashes> {
    return this.run("hashSegment", { content, format }, [], task);
  }

  fragment(content: readonly FileSlice[], format: SegmentFormat, index: number, task?: Task): Promise<Uint8Array> {
    return this.run("fragment", { content, format, index }, [], task);
  }

  reconstruct(
    available: readonly NumberedFragment[],
    wanted: readonly WantedFragment[],
    task?: Task,
  ): Promise<Reconstruction> {
    const given = available.map(({ index, bytes }) => ({ index, bytes: owned(bytes) }));
    const buffers = given.map(({ bytes }) => bytes.buffer);
    return this.run("reconstruct", { available: given, wanted }, buffers, task);
  }

  verify(bytes: Uint8Array, hash: Hash, task?: Task): Promise<Uint8Array | undefined> {
    const given = owned(bytes);
    return this.run("verify", { bytes: given, hash }, [given.buffer], task);
  }

  async close(): Promise<void> {
    this.turns.close(new Error("the encoder is closed"));
    await this.pool.destroy();
  }

  private async run<Name extends keyof WorkerTasks, Result>(
    name: Name,
    argument: WorkerTasks[Name],
    transferList: ArrayBuffer[],
    { priority = "foreground", signal, onStart }: Task = {},
  ): Promise<Result> {
    const work = () => {
      onStart?.();
      return this.pool.run(argument, { name, transferList }) as Promise<Result>;
    };
    try {
      return await abortable(this.turns.run(work, { priority, signal }), [signal]);
    } catch (error) {
      if (error instanceof SemaphoreFull)
        throw new S3Error("SlowDown", { message: "too much work is waiting for the encoder" });
      throw error;
    }
  }
}
