import { setTimeout as sleep } from "node:timers/promises";
import { NODES, type World } from "./world.js";

const FAULTS = ["down", "slow", "corrupt", "silent"];
/** Nodes that fail at a time: the twelve others can still take a file. */
const FAILING_NODES = 2;

/** Makes one thing fail for a while, and mends it. */
export class Trouble {
  /** How often what happened. */
  readonly seen: Record<string, number> = {};

  constructor(
    private readonly world: World,
    private readonly random: () => number,
  ) {}

  /** Of nodes, chain, and what else the gateways depend on. */
  async outside(signal: AbortSignal): Promise<void> {
    const others = Object.entries(this.world.troubles);
    const [name, other] = others[Math.floor(this.random() * others.length)] ?? [];
    if (other && name !== undefined && this.random() < 0.6) {
      this.count(name);
      await other(500 + this.random() * 4_000);
    } else if (this.random() < 0.35) await this.chainAway(signal);
    else await this.nodesFail(signal);
  }

  /** The gateway's own end: by a signal, or at once. */
  async restart(): Promise<void> {
    const signal = this.random() < 0.5 ? "SIGTERM" : "SIGKILL";
    this.count(`gateway ended by ${signal}`);
    const code = await this.world.restart(signal, this.random);
    if (signal === "SIGTERM" && code !== 0) throw new Error(`the gateway ended with code ${code} after SIGTERM`);
  }

  private async nodesFail(signal: AbortSignal): Promise<void> {
    const first = Math.floor(this.random() * NODES);
    const nodes = Array.from({ length: FAILING_NODES }, (_, i) => 1 + ((first + i * 5) % NODES));
    const fault = FAULTS[Math.floor(this.random() * FAULTS.length)] ?? "down";
    this.count(`nodes ${fault}`);
    for (const n of nodes) await this.world.network.setFault(n, fault);
    await this.wait(5_000 + this.random() * 15_000, signal);
    for (const n of nodes) await this.world.network.setFault(n, "none");
  }

  private async chainAway(signal: AbortSignal): Promise<void> {
    const deaf = this.random() < 0.5;
    this.count(deaf ? "chain silent" : "chain unreachable");
    if (deaf) this.world.chain.deaf = true;
    else await this.world.chain.close();
    await this.wait(3_000 + this.random() * 12_000, signal);
    if (deaf) this.world.chain.deaf = false;
    else await this.world.chain.open();
  }

  private async wait(ms: number, signal: AbortSignal): Promise<void> {
    await sleep(ms, undefined, { signal }).catch(() => undefined);
  }

  private count(kind: string): void {
    this.seen[kind] = (this.seen[kind] ?? 0) + 1;
  }
}
