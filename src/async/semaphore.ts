import { onAbort } from "./abort.js";

export interface SemaphoreSettings {
  /** Permits held at a time: pieces of work, or bytes. */
  readonly permits: number;
  /** Of these, by one group. No bound of its own by default. */
  readonly permitsPerGroup?: number;
  /** Callers that may wait; one more is refused with SemaphoreFull. No bound by default. */
  readonly waiting?: number;
}

/** What a caller asks for. */
export interface PermitRequest {
  /** Default 1. More than the semaphore has is treated as all of them, so it can be met. */
  readonly permits?: number;
  /** What `permitsPerGroup` counts by, such as the storage node. Callers whose group is full let others pass. */
  readonly group?: string;
  /** Queues take turns, one caller each; within a queue it is first come, first served. One queue by default. */
  readonly queue?: string;
  /** Background callers wait until no foreground caller can be served. */
  readonly priority?: "foreground" | "background";
  /** Ends the wait with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Too many callers wait already. */
export class SemaphoreFull extends Error {
  constructor(readonly waiting: number) {
    super(`${waiting} callers wait already`);
    this.name = "SemaphoreFull";
  }
}

interface Waiter {
  readonly permits: number;
  readonly group: string | undefined;
  started: boolean;
  start: () => void;
  refuse: (reason: Error) => void;
}

/** By name; the queue whose turn is next comes first. */
type Queues = Map<string, Set<Waiter>>;

/**
 * Bounds what is done or held at a time. A caller that needs more permits than are free is not passed by later ones of
 * its priority, so large requests are met; only callers whose group is full are passed.
 */
export class Semaphore {
  private readonly queues: Record<"foreground" | "background", Queues> = {
    foreground: new Map(),
    background: new Map(),
  };
  private readonly usedByGroup = new Map<string, number>();
  private usedPermits = 0;
  private waiters = 0;
  private closed: Error | undefined;

  constructor(private readonly settings: SemaphoreSettings) {}

  /** Permits held now. */
  get used(): number {
    return this.usedPermits;
  }

  /** Callers that wait now. */
  get waiting(): number {
    return this.waiters;
  }

  /** Runs `work` while it holds the permits. Rejects as `acquire` does, or as `work`. */
  async run<T>(work: () => Promise<T>, request: PermitRequest = {}): Promise<T> {
    const release = await this.acquire(request);
    try {
      return await work();
    } finally {
      release();
    }
  }

  /**
   * Waits for the permits and returns how to release them, which every caller does: all, or some at a time. Rejects with
   * the signal's reason, with SemaphoreFull, or with the reason that `close` was given.
   */
  async acquire(request: PermitRequest = {}): Promise<(permits?: number) => void> {
    const { signal } = request;
    signal?.throwIfAborted();
    if (this.closed) throw this.closed;
    const waiter = this.waiterFor(request);
    const leave = this.enqueue(waiter, request);
    if (waiter.started) return this.releaseOf(waiter);
    if (this.waiters > (this.settings.waiting ?? Infinity)) {
      leave();
      throw new SemaphoreFull(this.waiters);
    }
    await new Promise<void>((resolve, reject) => {
      const stopListening = onAbort(signal, (reason) => waiter.refuse(reason));
      waiter.start = () => {
        stopListening();
        resolve();
      };
      waiter.refuse = (reason) => {
        stopListening();
        leave();
        reject(reason);
      };
    });
    return this.releaseOf(waiter);
  }

  /** As `acquire`, without waiting: undefined when the permits are not free, or somebody waits for them. */
  tryAcquire(request: Omit<PermitRequest, "signal"> = {}): (() => void) | undefined {
    if (this.closed) return undefined;
    const waiter = this.waiterFor(request);
    const leave = this.enqueue(waiter, request);
    if (waiter.started) return this.releaseOf(waiter);
    leave();
    return undefined;
  }

  /** Rejects all who wait, and all who come later, with `reason`. What runs goes on. */
  close(reason: Error): void {
    this.closed = reason;
    for (const queues of Object.values(this.queues))
      for (const queue of [...queues.values()]) for (const waiter of [...queue]) waiter.refuse(reason);
  }

  private waiterFor({ permits = 1, group }: PermitRequest): Waiter {
    const ignore = () => undefined;
    return { permits: Math.min(permits, this.settings.permits), group, started: false, start: ignore, refuse: ignore };
  }

  /** Returns how to leave the queue again. */
  private enqueue(waiter: Waiter, { queue: name = "", priority = "foreground" }: PermitRequest): () => void {
    const queues = this.queues[priority];
    const queue = queues.get(name) ?? new Set();
    queues.set(name, queue.add(waiter));
    this.waiters++;
    this.serve();
    return () => {
      if (!queue.delete(waiter)) return;
      if (queue.size === 0) queues.delete(name);
      this.waiters--;
      // Smaller requests may have waited behind this one.
      this.serve();
    };
  }

  /** Starts every caller that can be served. */
  private serve(): void {
    for (let waiter = this.next(); waiter; waiter = this.next()) {
      waiter.started = true;
      this.waiters--;
      this.usedPermits += waiter.permits;
      this.addToGroup(waiter.group, waiter.permits);
      waiter.start();
    }
  }

  /** Takes the caller to be served next out of its queue. */
  private next(): Waiter | undefined {
    if (this.waiters === 0 || this.usedPermits >= this.settings.permits) return undefined;
    for (const queues of Object.values(this.queues)) {
      for (const [name, queue] of queues) {
        for (const waiter of queue) {
          if (this.isGroupFull(waiter)) continue;
          if (this.usedPermits + waiter.permits > this.settings.permits) return undefined;
          queue.delete(waiter);
          // The queue's next turn comes after everybody else's.
          queues.delete(name);
          if (queue.size > 0) queues.set(name, queue);
          return waiter;
        }
      }
    }
    return undefined;
  }

  private isGroupFull({ group, permits }: Waiter): boolean {
    const { permitsPerGroup = Infinity } = this.settings;
    const used = group === undefined ? 0 : (this.usedByGroup.get(group) ?? 0);
    // A request above the bound is met when the group holds nothing else.
    return used > 0 && used + permits > permitsPerGroup;
  }

  /** No permit is released twice. */
  private releaseOf(waiter: Waiter): (permits?: number) => void {
    let left = waiter.permits;
    return (permits = left) => {
      const released = Math.min(permits, left);
      if (released === 0) return;
      left -= released;
      this.usedPermits -= released;
      this.addToGroup(waiter.group, -released);
      this.serve();
    };
  }

  private addToGroup(group: string | undefined, permits: number): void {
    if (group === undefined) return;
    const used = (this.usedByGroup.get(group) ?? 0) + permits;
    if (used > 0) this.usedByGroup.set(group, used);
    else this.usedByGroup.delete(group);
  }
}
