export interface FairSlotsSettings {
  /** Pieces of work at the same time. */
  readonly slots: number;
  /** Of these, for one storage node: a slow one must not hold them all. */
  readonly slotsPerNode: number;
}

interface Waiter {
  readonly node: string;
  readonly start: () => void;
}

/**
 * Bounds how many fragments are in memory and on their way. Files take turns: one of a thousand segments does not keep
 * one of a single segment waiting for longer than a turn. Within a file, and among equals, first come first served.
 */
export class FairSemaphore {
  private readonly settings: FairSlotsSettings;
  /** The file whose turn is next comes first. */
  private readonly queues = new Map<string, Waiter[]>();
  private readonly byNode = new Map<string, number>();
  private running = 0;

  constructor(settings: FairSlotsSettings) {
    this.settings = settings;
  }

  /** Runs the work when it is the file's turn and the node has room; rejects with the signal's reason until then. */
  async run<T>(file: string, node: string, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    await this.enter(file, node, signal);
    try {
      return await work();
    } finally {
      this.leave(node);
    }
  }

  private enter(file: string, node: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        node,
        start: () => {
          signal.removeEventListener("abort", giveUp);
          resolve();
        },
      };
      const giveUp = () => {
        const queue = this.queues.get(file) ?? [];
        queue.splice(queue.indexOf(waiter), 1);
        if (queue.length === 0) this.queues.delete(file);
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", giveUp, { once: true });
      const queue = this.queues.get(file);
      if (queue) queue.push(waiter);
      else this.queues.set(file, [waiter]);
      this.startWhatMay();
    });
  }

  private leave(node: string): void {
    this.running--;
    const left = (this.byNode.get(node) ?? 1) - 1;
    if (left > 0) this.byNode.set(node, left);
    else this.byNode.delete(node);
    this.startWhatMay();
  }

  private startWhatMay(): void {
    while (this.running < this.settings.slots) {
      const waiter = this.next();
      if (!waiter) return;
      this.running++;
      this.byNode.set(waiter.node, (this.byNode.get(waiter.node) ?? 0) + 1);
      waiter.start();
    }
  }

  private next(): Waiter | undefined {
    for (const [file, queue] of this.queues) {
      const position = queue.findIndex(({ node }) => (this.byNode.get(node) ?? 0) < this.settings.slotsPerNode);
      const [waiter] = position < 0 ? [] : queue.splice(position, 1);
      if (!waiter) continue;
      // Its next turn comes after everybody else's.
      this.queues.delete(file);
      if (queue.length > 0) this.queues.set(file, queue);
      return waiter;
    }
    return undefined;
  }
}
