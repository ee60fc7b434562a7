import { availableParallelism } from "node:os";
import type { ChecksumAlgorithm } from "../../model/checksum.js";
import { S3Error } from "../s3-error.js";
import { asError } from "../../model/errors.js";
import { KIB, MIB } from "../../model/sizes.js";
import { type LeasedThread, ThreadPool } from "../../threads/thread-pool.js";
import { DigestMemory } from "./digest-memory.js";
import type { DigestCalls } from "./digest-thread.js";
import { InlineDigests, type Digests, type DigestValues } from "./digests.js";

export const DIGEST_THREADS_DEFAULTS = {
  threads: availableParallelism(),
  /** Bytes of a body that are hashed, and written, at a time. */
  pieceBytes: 256 * KIB,
  /** One is filled while one is hashed and one waits for that. */
  piecesOfBody: 3,
  /** Bytes that all bodies together hold: 128 bodies; the next one is refused with SlowDown. */
  memoryBytes: 96 * MIB,
  /** Bodies up to this many bytes are hashed on the event loop: under half a millisecond. */
  inlineBytes: 128 * KIB,
};

export type DigestThreadsSettings = typeof DIGEST_THREADS_DEFAULTS;

/**
 * Digests in threads of their own, because MD5 takes some 2 ms for a MiB and the event loop has other clients. The
 * bytes are copied into shared memory, where a thread hashes them while the disk takes them from the event loop's copy.
 */
export class DigestThreads implements Digests {
  private readonly settings: DigestThreadsSettings;
  private readonly memory: DigestMemory;
  private readonly threads: ThreadPool<DigestCalls>;
  private readonly inline = new InlineDigests();
  private begun = 0;

  constructor(settings: Partial<DigestThreadsSettings> = {}) {
    this.settings = { ...DIGEST_THREADS_DEFAULTS, ...settings };
    this.memory = new DigestMemory(this.settings.pieceBytes, this.settings.memoryBytes);
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
    const hashing = this.begin(algorithms);
    try {
      let turn = 0;
      for await (const gathered of inPieces(source, this.settings.pieceBytes)) {
        // Filled again only when the thread has read what it held.
        await hashing.atMost(pieces.length - 1);
        const piece = pieces[turn++ % pieces.length]?.subarray(0, gathered.length) ?? new Uint8Array(0);
        piece.set(gathered);
        hashing.update(piece);
        yield gathered;
      }
      return await hashing.finish();
    } finally {
      hashing.end();
      this.memory.release(pieces);
    }
  }

  /** A thread for MD5 and one for the rest while there are idle ones: a lone body then comes as fast as MD5 alone. */
  private begin(algorithms: readonly ChecksumAlgorithm[]): SplitHashing {
    const rest = algorithms.filter((algorithm) => algorithm !== "MD5");
    const split = rest.length > 0 && rest.length < algorithms.length && this.threads.idle > 1;
    const groups: (readonly ChecksumAlgorithm[])[] = split ? [["MD5"], rest] : [algorithms];
    return new SplitHashing(
      groups.map((group) => ({ group, hashing: new BodyHashing(this.threads.lease(), ++this.begun, group) })),
    );
  }
}

/**
 * The source's bytes in pieces of one size, the last one shorter, all in one buffer that is the source's again when the
 * next is asked for. Gathered here and not in the shared memory: bytes go there several times as slowly unless they and
 * their place begin at the same alignment.
 */
async function* inPieces(source: AsyncIterable<Uint8Array>, pieceBytes: number): AsyncGenerator<Uint8Array> {
  const piece = Buffer.allocUnsafeSlow(pieceBytes);
  let filled = 0;
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length;) {
      const part = chunk.subarray(at, at + pieceBytes - filled);
      piece.set(part, filled);
      at += part.length;
      filled += part.length;
      if (filled < pieceBytes) continue;
      yield piece;
      filled = 0;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}

/** One body's digests in the making, in groups on threads of their own. All of them read the same pieces. */
class SplitHashing {
  constructor(
    private readonly parts: readonly { readonly group: readonly ChecksumAlgorithm[]; readonly hashing: BodyHashing }[],
  ) {}

  update(piece: Uint8Array): void {
    for (const { hashing } of this.parts) hashing.update(piece);
  }

  /** Resolves when no more than so many pieces are still to be hashed. */
  async atMost(pieces: number): Promise<void> {
    for (const { hashing } of this.parts) await hashing.atMost(pieces);
  }

  async finish(): Promise<DigestValues> {
    const found = new Map<ChecksumAlgorithm, Buffer>();
    for (const { group, values } of await Promise.all(
      this.parts.map(async ({ group, hashing }) => ({ group, values: await hashing.finish() })),
    )) {
      for (const [index, algorithm] of group.entries()) found.set(algorithm, Buffer.from(values[index] ?? []));
    }
    return found;
  }

  end(): void {
    for (const { hashing } of this.parts) hashing.end();
  }
}

/** Some digests of one body in the making on a thread. */
class BodyHashing {
  /** Calls that the thread has not answered yet. */
  private pending = 0;
  private finished = false;
  private failure: Error | undefined;
  private wake: (() => void) | undefined;

  constructor(
    private readonly thread: LeasedThread<DigestCalls>,
    private readonly body: number,
    algorithms: readonly ChecksumAlgorithm[],
  ) {
    this.follow(thread.call("begin", { body, algorithms }));
  }

  /** `piece` lies in the shared memory and must stay as it is until it is answered for. */
  update(piece: Uint8Array): void {
    this.follow(this.thread.call("update", { body: this.body, start: piece.byteOffset, length: piece.length }));
  }

  /** Resolves when no more than so many pieces are still to be hashed. */
  async atMost(pieces: number): Promise<void> {
    while (this.pending > pieces || this.failure) {
      if (this.failure) throw this.failure;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  async finish(): Promise<readonly Uint8Array[]> {
    const values = await this.thread.call("finish", this.body);
    this.finished = true;
    return values;
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
