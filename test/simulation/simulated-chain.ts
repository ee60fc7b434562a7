import type { CessAccount } from "../../src/model/account.js";
import type { Fid } from "../../src/model/hash.js";
import {
  ChainRefusal,
  ChainUnavailable,
  type Chain,
  type ChainDeal,
  type ChainEvent,
  type ChainFile,
  type ChainNode,
  type DealOrder,
  type SignedExtrinsic,
  type SubmitOptions,
  type Territory,
} from "../../src/network/chain/chain.js";
import type { FinalizedWatermark } from "../../src/network/chain/finalized-watermark.js";
import type { State } from "../support/memory-chain-state.js";
import type { Nonces } from "../../src/network/chain/nonces.js";
import type { MemoryChain } from "../support/memory-chain.js";
import type { SharedSubmitOptions } from "../support/shared-memory-chain.js";
import type { Owner } from "./scheduler.js";

/** What is wrong between the gateway and the chain at the moment. */
export interface ChainTrouble {
  /** No endpoint answers, and events are missed. */
  unreachable: boolean;
  /** Blocks that the endpoint in use is behind the others. */
  behind: number;
  /** Reads and events take up to this long, ms. */
  latencyMs: number;
  /** Share of submissions that never reach a pool. */
  loss: number;
  /** Share of submissions that the chain refuses for a passing reason, its fee paid. */
  refusal: number;
}

export const calm = (): ChainTrouble => ({ unreachable: false, behind: 0, latencyMs: 50, loss: 0, refusal: 0 });

/** How long a read waits for an endpoint that has not caught up, ms. */
const CATCH_UP_MS = 30_000;

/** How long a process may stand still while it signs, ms. */
const STANDSTILL_MS = 90_000;

interface ChainView {
  readonly best: State;
  readonly finalized: State;
}

/**
 * The memory chain as one process of the gateway reaches it: over a network, and no longer than that process lives.
 * As the real client it never goes back behind a final block that it has answered from, nor, but for a few blocks,
 * behind what a process before it was answered from.
 */
export class SimulatedChain implements Chain {
  readonly account: CessAccount;
  private missed = false;
  private lastEventAt = 0;

  constructor(
    private readonly chain: MemoryChain,
    private readonly owner: Owner,
    private readonly trouble: ChainTrouble,
    private readonly random: () => number,
    private readonly watermark: FinalizedWatermark,
    /** Of a gateway that shares its account with others. */
    private readonly nonces?: Nonces,
  ) {
    this.account = chain.account;
    void watermark.begin("0x5e");
  }

  get connected(): boolean {
    return !this.trouble.unreachable;
  }

  file(fid: Fid, at: "best" | "finalized" = "best"): Promise<ChainFile | undefined> {
    return this.read((sight) => sight[at].files.get(fid));
  }

  deal(fid: Fid, at: "best" | "finalized" = "best"): Promise<ChainDeal | undefined> {
    return this.read((sight) => sight[at].deals.get(fid));
  }

  ownedFiles(owner: CessAccount): Promise<readonly Fid[]> {
    return this.ask(() => this.chain.ownedFiles(owner));
  }

  territory(owner: CessAccount, name: string): Promise<Territory | undefined> {
    return this.ask(() => this.chain.territory(owner, name));
  }

  authorized(owner: CessAccount): Promise<boolean> {
    return this.ask(() => this.chain.authorized(owner));
  }

  nodes(): Promise<ChainNode[]> {
    return this.ask(() => this.chain.nodes());
  }

  finalizedBlock(): Promise<number> {
    return this.read(({ finalized }) => finalized.block);
  }

  settled(signed: SignedExtrinsic): Promise<boolean> {
    return this.read(({ finalized }) => finalized.nonce > signed.nonce || finalized.block >= signed.untilBlock);
  }

  declare(order: DealOrder, options: SubmitOptions): Promise<number> {
    return this.submit(options, (reach) => this.chain.declare(order, reach));
  }

  deleteFile(account: CessAccount, fid: Fid, options: SubmitOptions): Promise<number> {
    return this.submit(options, (reach) => this.chain.deleteFile(account, fid, reach));
  }

  sign(message: Uint8Array): Uint8Array {
    return message;
  }

  /** In order, each a while after its block; after an outage a gap. */
  watch(listener: (event: ChainEvent) => void): () => void {
    return this.chain.watch((event) => {
      if (this.trouble.unreachable) {
        this.missed = true;
        return;
      }
      if (this.missed) this.deliver(listener, { kind: "gap" });
      this.missed = false;
      this.deliver(listener, event);
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private deliver(listener: (event: ChainEvent) => void, event: ChainEvent): void {
    this.lastEventAt = Math.max(this.lastEventAt, this.owner.now() + this.latency());
    this.owner.schedule(this.lastEventAt - this.owner.now(), () => listener(event));
  }

  private latency(): number {
    return 1 + this.trouble.latencyMs * this.random() ** 2;
  }

  private read<T>(read: (sight: ChainView) => T): Promise<T> {
    return this.ask(async () => {
      for (const end = this.owner.now() + CATCH_UP_MS; ;) {
        const sight = this.chain.endpoint(this.trouble.behind);
        if (sight.finalized.block >= this.watermark.number) {
          this.watermark.saw(sight.finalized.block);
          return read(sight);
        }
        if (this.owner.now() > end) throw new ChainUnavailable("the endpoint is behind what was seen");
        await this.owner.sleep(1_000);
      }
    });
  }

  private async ask<T>(read: () => Promise<T>): Promise<T> {
    await this.owner.sleep(this.latency());
    if (this.trouble.unreachable) {
      await this.owner.sleep(1_000);
      throw new ChainUnavailable("no endpoint answers");
    }
    return this.owner.receive(read(), this.latency());
  }

  /** The answer comes when the block is final; a process that is dead by then never hears it. */
  private async submit(
    { onSigned, signal }: SubmitOptions,
    send: (options: SharedSubmitOptions) => Promise<number>,
  ): Promise<number> {
    await this.ask(() => Promise.resolve());
    if (this.random() < this.trouble.refusal) throw new ChainRefusal("system", "CallFiltered");
    const reach: SharedSubmitOptions = {
      onSigned: async (signed) => {
        await onSigned?.(signed);
        // Of all moments the one in which its nonce may go to another gateway.
        if (this.nonces && this.random() < 0.05)
          this.owner.standsUntil = this.owner.scheduler.now + STANDSTILL_MS * this.random();
        await this.owner.sleep(this.latency());
        if (this.random() < this.trouble.loss) this.chain.dropNext++;
      },
      ...(signal && { signal }),
      ...(this.nonces && { nonces: this.nonces }),
    };
    return this.owner.receive(send(reach));
  }
}
