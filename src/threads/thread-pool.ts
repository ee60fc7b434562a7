import { Worker } from "node:worker_threads";
import { SystemClock } from "../async/system-clock.js";
import { after } from "../async/timer.js";
import type { Clock } from "../model/clock.js";
import { errorOf, type AnswerMessage, type CallMessage, type ThreadCalls, type Transfer } from "./thread-calls.js";

export interface ThreadPoolSettings {
  /** What each thread runs: a module that calls `serveCalls`. */
  readonly module: URL;
  /** Threads at most; each is started when it is first needed. */
  readonly threads: number;
  /** A thread that nobody has leased for so long ends, unless it is the last one, ms. Never, by default. */
  readonly idleMs?: number;
  /** `workerData` of each thread. */
  readonly data?: unknown;
}

type Received<T> = T extends Transfer<infer Value> ? Value : T;
type Result<Call extends (argument: never) => unknown> = Received<Awaited<ReturnType<Call>>>;

/** A thread that the caller shares with as few others as there may be, until it is released. */
export interface LeasedThread<Calls extends ThreadCalls> {
  /**
   * Calls are served in their order. `transfer`: buffers in the argument that are given away. Rejects with what the
   * function threw, with the thread's error, or because the pool is closed.
   */
  call<Name extends keyof Calls & string>(
    name: Name,
    argument: Parameters<Calls[Name]>[0],
    transfer?: readonly ArrayBuffer[],
  ): Promise<Result<Calls[Name]>>;
  release(): void;
}

/** Threads that serve calls; a thread keeps its state between calls of one lease. One that fails is replaced. */
export class ThreadPool<Calls extends ThreadCalls> {
  private readonly threads = new Set<PoolThread>();
  private closed = false;

  /** `clock` measures `idleMs`. */
  constructor(
    private readonly settings: ThreadPoolSettings,
    private readonly clock: Clock = new SystemClock({ holdsProcess: false }),
  ) {}

  /** The thread with the fewest leases. Throws when the pool is closed. */
  lease(): LeasedThread<Calls> {
    if (this.closed) throw new Error("the threads are closed");
    const thread = this.leastLeased();
    thread.leases++;
    thread.cancelEnd();
    return {
      call: (name, argument, transfer = []) => thread.call(name, argument, transfer) as Promise<never>,
      release: () => {
        thread.leases--;
        if (thread.leases === 0) this.endWhenIdle(thread);
      },
    };
  }

  /** Ends the threads; calls under way reject. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.threads].map((thread) => thread.end(new Error("the threads are closed"))));
  }

  private leastLeased(): PoolThread {
    let best: PoolThread | undefined;
    for (const thread of this.threads) if (!best || thread.leases < best.leases) best = thread;
    if (best && (best.leases === 0 || this.threads.size >= this.settings.threads)) return best;
    const fresh: PoolThread = new PoolThread(this.settings, () => this.threads.delete(fresh));
    this.threads.add(fresh);
    return fresh;
  }

  private endWhenIdle(thread: PoolThread): void {
    const { idleMs } = this.settings;
    if (idleMs === undefined) return;
    thread.cancelEnd = after(this.clock, idleMs, () => {
      if (this.threads.size > 1) void thread.end(new Error("the thread was idle"));
    });
  }
}

interface Caller {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

class PoolThread {
  leases = 0;
  /** Cancels the end for want of work. */
  cancelEnd: () => void = () => undefined;
  private readonly worker: Worker;
  private readonly callers = new Map<number, Caller>();
  private calls = 0;
  private failure: Error | undefined;

  constructor(
    { module, data }: ThreadPoolSettings,
    private readonly onEnd: () => void,
  ) {
    this.worker = new Worker(module, { workerData: data });
    this.worker.on("message", (answer: AnswerMessage) => this.answered(answer));
    this.worker.once("messageerror", (error: Error) => void this.end(error));
    this.worker.once("error", (error: Error) => this.fail(error));
    this.worker.once("exit", (code) => this.fail(new Error(`a worker thread ended with code ${code}`)));
    // Only while it is called must it keep the process alive.
    this.worker.unref();
  }

  call(name: string, argument: unknown, transfer: readonly ArrayBuffer[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.failure) throw this.failure;
      const id = ++this.calls;
      this.worker.postMessage({ id, name, argument } satisfies CallMessage, transfer);
      if (this.callers.size === 0) this.worker.ref();
      this.callers.set(id, { resolve, reject });
    });
  }

  async end(reason: Error): Promise<void> {
    this.fail(reason);
    await this.worker.terminate();
  }

  private answered(answer: AnswerMessage): void {
    const caller = this.callers.get(answer.id);
    this.callers.delete(answer.id);
    if (this.callers.size === 0) this.worker.unref();
    if ("error" in answer) caller?.reject(errorOf(answer));
    else caller?.resolve(answer.value);
  }

  private fail(error: Error): void {
    if (this.failure) return;
    this.failure = error;
    this.cancelEnd();
    this.onEnd();
    for (const { reject } of this.callers.values()) reject(error);
    this.callers.clear();
  }
}
