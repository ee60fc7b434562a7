import type { LoopPauses } from "../async/loop-pauses.js";
import { pause, after } from "../async/timer.js";
import type { Catalog } from "../catalog/catalog.js";
import type { Clock } from "../model/clock.js";
import type { NodeRegistry, RegisteredNode } from "../network/nodes/node-registry.js";
import { type NodeStatus } from "../network/nodes/nodes.js";

/** Nodes asked at a time. */
const AT_ONCE = 16;
/** A node that is there answers well within this, ms. */
const STATUS_MS = 15_000;
/** One that did not answer is asked once more after this, ms, before it counts. */
const AGAIN_MS = 5_000;

export interface NodeRoundComponents {
  readonly catalog: Pick<Catalog, "checks">;
  readonly nodes: NodeStatus;
  readonly registry: Pick<NodeRegistry, "nodes">;
  readonly clock: Clock;
  readonly pauses?: Pick<LoopPauses, "since"> | undefined;
}

/** Asks every node that has fragments of ours whether it is there. */
export class NodeRound {
  constructor(private readonly components: NodeRoundComponents) {}

  /**
   * A round. What happens while this gateway stands still, or when no node at all answers, says nothing of the nodes.
   * Rejects with ChainUnavailable or the signal's reason.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { catalog, registry, clock, pauses } = this.components;
    const holders = new Set(await catalog.checks.holders());
    // Nodes that the chain does not list any more have no address, and need none: their fragments are gone.
    const nodes = (await registry.nodes()).filter(({ account }) => holders.has(account));
    const began = clock.now();
    const silent = await this.silentAmong(nodes, signal);
    if (silent.length > 0) await pause(clock, AGAIN_MS, [signal]);
    const failed = await this.silentAmong(silent, signal);
    if (pauses?.since(began) === true || (failed.length > 1 && failed.length === nodes.length)) return;
    await catalog.checks.nodesChecked(failed.map(({ account }) => account));
  }

  private async silentAmong(nodes: readonly RegisteredNode[], signal: AbortSignal): Promise<RegisteredNode[]> {
    const waiting = [...nodes];
    const silent: RegisteredNode[] = [];
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let node = waiting.pop(); node; node = waiting.pop()) {
          signal.throwIfAborted();
          if (!(await this.answers(node, signal))) silent.push(node);
        }
      }),
    );
    return silent;
  }

  private async answers(node: RegisteredNode, signal: AbortSignal): Promise<boolean> {
    const late = new AbortController();
    const cancel = after(this.components.clock, STATUS_MS, () => late.abort(new Error("no answer in time")));
    try {
      await this.components.nodes.status(node, AbortSignal.any([signal, late.signal]));
      return true;
    } catch {
      signal.throwIfAborted();
      return false;
    } finally {
      cancel();
    }
  }
}
