import type { CessAccount } from "../../model/account.js";
import type { Clock } from "../../model/clock.js";
import { type FragmentName, type NodeAddress, NodeFailure, type Nodes } from "./nodes.js";

export interface CoolingNodesComponents {
  readonly nodes: Nodes;
  readonly clock: Clock;
}

export interface CoolingNodesSettings {
  /** Failures in a row after which a node is passed over. */
  readonly failures: number;
  /** How long the first time; each failure after a cooldown doubles it. */
  readonly firstCooldownMs: number;
  readonly maxCooldownMs: number;
  /** Failing nodes that are remembered; the longest remembered is forgotten for one more. */
  readonly remembered: number;
}

export const coolingNodesDefaults: CoolingNodesSettings = {
  failures: 3,
  firstCooldownMs: 10_000,
  maxCooldownMs: 600_000,
  remembered: 10_000,
};

interface History {
  /** Failures since the last success; those that end while the node cools are of the same misfortune and not counted. */
  failures: number;
  coolUntil: number;
}

/** Passes over a node that failed repeatedly, for a growing, bounded time. Only `unreachable` is a failure. */
export class CoolingNodes implements Nodes {
  private readonly settings: CoolingNodesSettings;
  private readonly histories = new Map<CessAccount, History>();

  constructor(
    private readonly components: CoolingNodesComponents,
    settings: Partial<CoolingNodesSettings> = {},
  ) {
    this.settings = { ...coolingNodesDefaults, ...settings };
  }

  /** Until when (milliseconds since 1970) the node is passed over; undefined when it is not. */
  coolingUntil(account: CessAccount): number | undefined {
    const until = this.histories.get(account)?.coolUntil ?? 0;
    return until > this.components.clock.now() ? until : undefined;
  }

  put(node: NodeAddress, fragment: FragmentName, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    return this.watch(node, () => this.components.nodes.put(node, fragment, bytes, signal));
  }

  get(node: NodeAddress, fragment: FragmentName, signal?: AbortSignal): Promise<Uint8Array> {
    return this.watch(node, () => this.components.nodes.get(node, fragment, signal));
  }

  private async watch<T>(node: NodeAddress, run: () => Promise<T>): Promise<T> {
    const until = this.coolingUntil(node.account);
    if (until !== undefined) {
      throw new NodeFailure("cooling", node, `failed repeatedly, passed over until ${new Date(until).toISOString()}`);
    }
    try {
      const result = await run();
      this.histories.delete(node.account);
      return result;
    } catch (error) {
      if (error instanceof NodeFailure) this.note(node.account, error.kind);
      throw error;
    }
  }

  private note(account: CessAccount, kind: NodeFailure["kind"]): void {
    // A node that refuses or misses something is there and answers.
    if (kind === "refused" || kind === "missing") this.histories.delete(account);
    if (kind !== "unreachable" || this.coolingUntil(account) !== undefined) return;
    const history = this.histories.get(account) ?? this.remember(account);
    history.failures++;
    const excess = history.failures - this.settings.failures;
    if (excess < 0) return;
    const cooldown = Math.min(this.settings.maxCooldownMs, this.settings.firstCooldownMs * 2 ** Math.min(excess, 30));
    history.coolUntil = this.components.clock.now() + cooldown;
  }

  private remember(account: CessAccount): History {
    const [oldest] = this.histories.keys();
    if (oldest !== undefined && this.histories.size >= this.settings.remembered) this.histories.delete(oldest);
    const history: History = { failures: 0, coolUntil: 0 };
    this.histories.set(account, history);
    return history;
  }
}
