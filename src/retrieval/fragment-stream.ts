import { Readable } from "node:stream";

/** One for all: a stack of its own would cost a small read more than the read. */
const READER_LEFT = new DOMException("the reader has left", "AbortError");

/** A Readable over chunks made on demand; ending it early aborts what is being fetched for it. */
export class FragmentStream extends Readable {
  #next: Promise<IteratorResult<Uint8Array, void>> | undefined;

  /** `first`: what `chunks` has given already. `controller`: aborts the making of chunks. */
  constructor(
    first: IteratorResult<Uint8Array, void>,
    private readonly chunks: AsyncGenerator<Uint8Array, void>,
    private readonly controller: AbortController,
  ) {
    super({ highWaterMark: 1 });
    this.#next = Promise.resolve(first);
  }

  override _read(): void {
    const next = this.#next ?? this.chunks.next();
    this.#next = undefined;
    next.then(
      (result) => this.push(result.done === true ? null : result.value),
      (error: unknown) => this.destroy(error as Error),
    );
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.controller.abort(error ?? READER_LEFT);
    void this.chunks.return().catch(() => undefined);
    callback(error);
  }
}
