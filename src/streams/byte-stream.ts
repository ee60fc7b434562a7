import { onAbort } from "../async/abort.js";

/**
 * Bytes for one reader, who takes them with `for await` at its own pace. Leaving the loop early closes the stream; a
 * reader that never starts must call `close`. With `begin`, the first chunk is there before the stream is handed over,
 * so an early failure can still be answered with an error status. (Node's Readable does all this; for an object of a
 * few KiB it costs as much as reading the object.)
 */
export class ByteStream implements AsyncIterableIterator<Uint8Array> {
  private readonly chunks: AsyncIterator<Uint8Array, unknown>;
  private stopListening: () => void = () => undefined;
  private readonly onClose: (ended: boolean) => void;
  private first: IteratorResult<Uint8Array, void> | undefined;
  private interrupt: ((reason: Error) => void) | undefined;
  private failure: Error | undefined;
  private closed = false;

  private constructor(
    chunks: AsyncIterator<Uint8Array, unknown>,
    signal: AbortSignal | undefined,
    onClose: (ended: boolean) => void,
    /** All of it, where it was in memory as one. */
    readonly whole?: Uint8Array,
  ) {
    this.chunks = chunks;
    this.onClose = onClose;
    this.stopListening = onAbort(signal, (reason) => {
      this.failure = reason;
      this.interrupt?.(reason);
      this.close();
    });
  }

  /**
   * Resolves when the first chunk, or the end, has arrived. Rejects with an earlier failure, or with the signal's
   * reason. The signal ends the stream later, too, even while `chunks` is waiting. `onClose` is called once: after the
   * last byte (`ended`), after a failure, or when the reader leaves.
   */
  static async begin(
    chunks: AsyncGenerator<Uint8Array, void>,
    signal?: AbortSignal,
    onClose: (ended: boolean) => void = () => undefined,
  ): Promise<ByteStream> {
    const stream = new ByteStream(chunks, signal, onClose);
    stream.first = await stream.next();
    return stream;
  }

  /** Wraps a lazy source: nothing is read before the reader asks. The signal cancels the stream. */
  static over(source: AsyncIterable<Uint8Array>, signal?: AbortSignal): ByteStream {
    return new ByteStream(source[Symbol.asyncIterator](), signal, () => undefined);
  }

  /** A stream of bytes that are in memory. */
  static of(...chunks: readonly Uint8Array[]): ByteStream {
    const whole = chunks.length === 1 ? chunks[0] : undefined;
    return new ByteStream(given(chunks), undefined, () => undefined, whole);
  }

  async next(): Promise<IteratorResult<Uint8Array, void>> {
    const first = this.first;
    this.first = undefined;
    if (this.failure) throw this.failure;
    if (first) return first;
    if (this.closed) return { done: true, value: undefined };
    try {
      // A new promise for each chunk: a race against one that lives as long as the stream would keep every chunk in
      // memory.
      const next = await new Promise<IteratorResult<Uint8Array, unknown>>((resolve, reject) => {
        this.interrupt = reject;
        this.chunks.next().then(resolve, reject);
      });
      if (next.done !== true) return next;
      this.finish(true);
      return { done: true, value: undefined };
    } catch (error) {
      this.close();
      throw error;
    }
  }

  return(): Promise<IteratorResult<Uint8Array, void>> {
    this.close();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Releases what the stream holds. Does not wait for a read of the source that is under way. */
  close(): void {
    this.finish(false);
  }

  private finish(ended: boolean): void {
    if (this.closed) return;
    this.closed = true;
    this.stopListening();
    this.onClose(ended);
    if (!ended) void this.chunks.return?.().catch(() => undefined);
  }
}

// eslint-disable-next-line @typescript-eslint/require-await
async function* given(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void> {
  yield* chunks;
}
