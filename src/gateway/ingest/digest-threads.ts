import { availableParallelism } from "node:os";
import type { ChecksumAlgorithm } from "../../model/checksum.js";
import { S3Error } from "../s3-error.js";
import { asError } from "../../model/errors.js";
import { KIB, MIB } from "../../model/sizes.js";
import { ChunkPool } from "../../streams/chunk-pool.js";
import { inPieces } from "../../streams/in-pieces.js";
import { type LeasedThread, ThreadPool } from "../../threads/thread-pool.js";
import { DigestMemory } from "./digest-memory.js";
import type { DigestCalls } from "./digest-thread.js";
import { InlineDigests, type Digests, type DigestValues } from "./digests.js";

export const DIGEST_THREADS_DEFAULTS = {
  threads: availableParallelism(),
  /** Bytes of a body that are hashed and written in one go. */
  pieceBytes: 512 * KIB,
  /** One is filled while the other is hashed. */
  piecesOfBody: 2,
  /** Memory of all bodies together, in bytes: enough for 128 bodies. Further ones are refused with SlowDown. */
  memoryBytes: 128 * MIB,
  /** Bodies up to this many bytes are hashed on the event loop: under half a millisecond. */
  inlineBytes: 128 * KIB,
};

/** Unused pieces that are kept. */
const GATHERING_KEPT = 16;

export type DigestThreadsSettings = typeof DIGEST_THREADS_DEFAULTS;

/**
 * Computes digests in threads of their own: MD5 takes about 2 ms for a MiB, and the event loop serves other clients. The
 * bytes are copied into shared memory. A thread hashes that copy while the event loop's copy is written to the disk.
 */
export class DigestThreads implements Digests {
  private readonly settings: DigestThreadsSettings;
  private readonly memory: DigestMemory;
  private readonly threads: ThreadPool<DigestCalls>;
  private readonly inline = new InlineDigests();
  /** For gathering a body's pieces: memory that is new to the process costs more than to hash what comes into it. */
  private readonly gathering: ChunkPool;
  private begun = 0;

  constructor(settings: Partial<DigestThreadsSettings> = {}) {
    this.settings = { ...DIGEST_THREADS_DEFAULTS, ...settings };
    const { pieceBytes } = this.settings;
    this.memory = new DigestMemory(pieceBytes, this.settings.memoryBytes);
    this.gathering = new ChunkPool(pieceBytes, GATHERING_KEPT);
    this.threads = new ThreadPool({
      module: new URL("./digest-thread.js", import.meta.url),
      threads: this.settings.threads,
      data: { memory: this.memory.shared },
    });
  }

  over(
    source: AsyncIterable<Uint8Array>,
    algorithms: ReadonlySet<ChecksumAlgorithm>,
    size?: number,
  ): AsyncGenerator<Uint8Array, DigestValues> {
    if (size !== undefined && size <= this.settings.inlineBytes) return this.inline.over(source, algorithms);
    return this.throughThread(source, [...algorithms]);
  }

  async close(): Promise<void> {
    await this.threads.close();
  }

  private async *throughThread(
    source: AsyncIterable<Uint8Array>,
    algorithms: readonly ChecksumAlgorithm[],
  ): AsyncGenerator<Uint8Array, DigestValues> {
    const pieces = this.memory.take(this.settings.piecesOfBody);
    if (!pieces) throw new S3Error("SlowDown", { message: "Too many uploads at once; please try again." });
    const hashing = new BodyHashing(this.threads.lease(), ++this.begun, algorithms);
    const gatheredIn = this.gathering.take();
    try {
      let turn = 0;
      // Not gathered in the shared memory: copying to it is several times slower unless source and target have the same
      // alignment.
      for await (const gathered of inPieces(source, this.settings.pieceBytes, gatheredIn)) {
        // The piece may be filled again only after the thread has hashed its bytes.
        await hashing.atMost(pieces.length - 1);
        const piece = pieces[turn++ % pieces.length]?.subarray(0, gathered.length) ?? new Uint8Array(0);
        piece.set(gathered);
        hashing.update(piece);
        yield gathered;
      }
      // After a failure it may still be on its way to the disk.
      this.gathering.giveBack(gatheredIn);
      return await hashing.finish();
    } finally {
      hashing.end();
      this.memory.release(pieces);
    }
  }
}

/** Computes the digests of one body on a thread. */
class BodyHashing {
  /** Calls that the thread has not finished yet. */
  private pending = 0;
  private finished = false;
  private failure: Error | undefined;
  private wake: (() => void) | undefined;

  constructor(
    private readonly thread: LeasedThread<DigestCalls>,
    private readonly body: number,
    private readonly algorithms: readonly ChecksumAlgorithm[],
  ) {
    this.follow(thread.call("begin", { body, algorithms }));
  }

  /** `piece` lies in the shared memory and must not change until it has been hashed. */
  update(piece: Uint8Array): void {
    this.follow(this.thread.call("update", { body: this.body, start: piece.byteOffset, length: piece.length }));
  }

  /** Resolves when at most `pieces` pieces are still to be hashed. */
  async atMost(pieces: number): Promise<void> {
    while (this.pending > pieces || this.failure) {
      if (this.failure) throw this.failure;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  async finish(): Promise<DigestValues> {
    const values = await this.thread.call("finish", this.body);
    this.finished = true;
    return new Map(this.algorithms.map((algorithm, index) => [algorithm, Buffer.from(values[index] ?? [])]));
  }

  /** The thread forgets the body. */
  end(): void {
    if (!this.finished) this.follow(this.thread.call("drop", this.body));
    this.thread.release();
  }

  private follow(call: Promise<void>): void {
    this.pending++;
    call.then(
      () => {
        this.pending--;
        this.wake?.();
      },
      (error: unknown) => {
        this.failure = asError(error);
        this.wake?.();
      },
    );
  }
}
