import type { CessAccount } from "../../model/account.js";
import { type FragmentName, type NodeAddress, NodeFailure, type Nodes } from "./nodes.js";

export interface LimitedNodesComponents {
  readonly nodes: Nodes;
}

export interface LimitedNodesSettings {
  /** Transfers at a time, each of 8 MiB. */
  readonly transfers: number;
  /** Of these, to or from one node. */
  readonly transfersPerNode: number;
  /** Transfers that wait; a `put` among them holds its 8 MiB. One more is refused as `busy`. */
  readonly waiting: number;
}

export const limitedNodesDefaults: LimitedNodesSettings = { transfers: 24, transfersPerNode: 3, waiting: 128 };

interface Waiter {
  readonly account: CessAccount;
  readonly start: () => void;
}

/** Bounds how many transfers run. First come, first served, save that a full node lets later ones for others pass. */
export class LimitedNodes implements Nodes {
  private readonly settings: LimitedNodesSettings;
  private readonly runningByNode = new Map<CessAccount, number>();
  private readonly queue: Waiter[] = [];
  private running = 0;

  constructor(
    private readonly components: LimitedNodesComponents,
    settings: Partial<LimitedNodesSettings> = {},
  ) {
    this.settings = { ...limitedNodesDefaults, ...settings };
  }

  put(node: NodeAddress, fragment: FragmentName, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    return this.limit(node, () => this.components.nodes.put(node, fragment, bytes, signal), signal);
  }

  get(node: NodeAddress, fragment: FragmentName, signal?: AbortSignal): Promise<Uint8Array> {
    return this.limit(node, () => this.components.nodes.get(node, fragment, signal), signal);
  }

  private async limit<T>(node: NodeAddress, run: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    signal?.throwIfAborted();
    await this.enter(node, signal);
    try {
      return await run();
    } finally {
      this.leave(node.account);
    }
  }

  private async enter(node: NodeAddress, signal: AbortSignal | undefined): Promise<void> {
    const { account } = node;
    // Whoever waits for this node came first; those who wait for another full node do not stand in the way.
    if (this.hasRoom(account)) {
      this.take(account);
      return;
    }
    if (this.queue.length >= this.settings.waiting) {
      throw new NodeFailure("busy", node, `${this.queue.length} transfers wait already`);
    }
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        account,
        start: () => {
          signal?.removeEventListener("abort", giveUp);
          resolve();
        },
      };
      const giveUp = () => {
        this.queue.splice(this.queue.indexOf(waiter), 1);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener("abort", giveUp, { once: true });
      this.queue.push(waiter);
    });
  }

  private leave(account: CessAccount): void {
    this.running--;
    const left = (this.runningByNode.get(account) ?? 1) - 1;
    if (left > 0) this.runningByNode.set(account, left);
    else this.runningByNode.delete(account);
    for (let next = this.nextStartable(); next; next = this.nextStartable()) {
      this.take(next.account);
      next.start();
    }
  }

  private nextStartable(): Waiter | undefined {
    const position = this.queue.findIndex(({ account }) => this.hasRoom(account));
    return position < 0 ? undefined : this.queue.splice(position, 1)[0];
  }

  private take(account: CessAccount): void {
    this.running++;
    this.runningByNode.set(account, (this.runningByNode.get(account) ?? 0) + 1);
  }

  private hasRoom(account: CessAccount): boolean {
    return (
      this.running < this.settings.transfers && (this.runningByNode.get(account) ?? 0) < this.settings.transfersPerNode
    );
  }
}
