import type { Clock } from "../../model/clock.js";
import { type FragmentName, type NodeAddress, NodeFailure, type Nodes } from "./nodes.js";

export interface RetryingNodesComponents {
  readonly nodes: Nodes;
  readonly clock: Clock;
  /** 0 ≤ n < 1; Math.random by default. */
  readonly random?: () => number;
}

export interface RetryingNodesSettings {
  /** Tries in all. */
  readonly attempts: number;
  /** Pause after the first failure; it doubles with each further one, and half of it is random. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

export const retryingNodesDefaults: RetryingNodesSettings = { attempts: 3, firstDelayMs: 500, maxDelayMs: 8_000 };

/** Tries again when a node gave no answer. What a node refuses or misses it will refuse and miss again. */
export class RetryingNodes implements Nodes {
  private readonly settings: RetryingNodesSettings;

  constructor(
    private readonly components: RetryingNodesComponents,
    settings: Partial<RetryingNodesSettings> = {},
  ) {
    this.settings = { ...retryingNodesDefaults, ...settings };
  }

  put(node: NodeAddress, fragment: FragmentName, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    return this.retry(() => this.components.nodes.put(node, fragment, bytes, signal), signal);
  }

  get(node: NodeAddress, fragment: FragmentName, signal?: AbortSignal): Promise<Uint8Array> {
    return this.retry(() => this.components.nodes.get(node, fragment, signal), signal);
  }

  private async retry<T>(run: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const { attempts, firstDelayMs, maxDelayMs } = this.settings;
    for (let attempt = 1; ; attempt++) {
      try {
        return await run();
      } catch (error) {
        const again = error instanceof NodeFailure && error.kind === "unreachable" && attempt < attempts;
        if (!again) throw error;
      }
      const delay = Math.min(maxDelayMs, firstDelayMs * 2 ** (attempt - 1));
      // Jitter: the clients of a node that comes back must not all arrive in the same instant.
      await this.components.clock.sleep(delay * (0.5 + 0.5 * (this.components.random ?? Math.random)()), signal);
    }
  }
}
