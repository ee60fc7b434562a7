import { abortable } from "../async/abort.js";

/** One instance for all: capturing a stack would cost more than a small read. */
const NOBODY_WAITS = new DOMException("nobody waits for it", "AbortError");

interface Shared<T> {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  readers: number;
  /** Whether more than one caller has joined. */
  shared: boolean;
}

/**
 * Callers that want the same thing at the same time share one piece of work. It is aborted when the last caller leaves.
 */
export class SharedWork<T> {
  private readonly running = new Map<string, Shared<T>>();

  /** Joins the work of that key, or starts it. Rejects with the signal's reason as soon as that aborts. */
  async run(key: string, work: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return (await this.join(key, work, signal)).result;
  }

  /** As `run`, and tells whether another caller may have the same result. */
  async join(
    key: string,
    work: (signal: AbortSignal) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<{ readonly result: T; readonly shared: boolean }> {
    signal?.throwIfAborted();
    const running = this.running.get(key);
    const shared = running ?? this.begin(key, work);
    if (running) shared.shared = true;
    shared.readers++;
    try {
      const result = await abortable(shared.result, [signal]);
      // `shared` is final: nobody can join after the result came.
      return { result, shared: shared.shared };
    } finally {
      shared.readers--;
      if (shared.readers === 0) {
        this.forget(key, shared);
        shared.controller.abort(NOBODY_WAITS);
      }
    }
  }

  private begin(key: string, work: (signal: AbortSignal) => Promise<T>): Shared<T> {
    const controller = new AbortController();
    const shared: Shared<T> = { controller, readers: 0, shared: false, result: work(controller.signal) };
    this.running.set(key, shared);
    const forget = () => this.forget(key, shared);
    shared.result.then(forget, forget);
    return shared;
  }

  /** Later callers start anew: finished or aborted work is not shared. */
  private forget(key: string, shared: Shared<T>): void {
    if (this.running.get(key) === shared) this.running.delete(key);
  }
}
