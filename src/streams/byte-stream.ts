import { onAbort } from "../async/abort.js";

/**
 * Bytes on their way to one reader, who takes them with `for await`, chunk by chunk at the reader's own pace. Leaving
 * the loop early closes the stream; who never begins it calls `close`. Where it begins with its first chunk at hand
 * (`begin`), what fails until then can still be told in an answer's head. (Node's Readable does the same and more; for
 * an object of a few KiB it costs as much as reading the object.)
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
   * Resolves when the first chunk, or the end, is there; rejects with what went wrong before, and with the signal's
   * reason. The signal ends the stream also later, even while `chunks` says nothing. `onClose` is called once: after
   * the last byte (`ended`), after a failure, or when the reader has left.
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

  /**
   * Of what the source gives; nothing is asked of it before the reader asks. The signal ends it as it does what `begin`
   * gives.
   */
  static over(source: AsyncIterable<Uint8Array>, signal?: AbortSignal): ByteStream {
    return new ByteStream(source[Symbol.asyncIterator](), signal, () => undefined);
  }

  /** Of bytes that are here already. */
  static of(...chunks: readonly Uint8Array[]): ByteStream {
    return new ByteStream(given(chunks), undefined, () => undefined);
  }

  async next(): Promise<IteratorResult<Uint8Array, void>> {
    const first = this.first;
    this.first = undefined;
    if (this.failure) throw this.failure;
    if (first) return first;
    if (this.closed) return { done: true, value: undefined };
    try {
      // A fresh promise for each chunk: racing against one that lives as long as the stream would keep every chunk
      // alive.
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

  /** Lets go of all that the stream holds. What its source is just waiting for is not waited for. */
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
