import type { Codec } from "@polkadot/types/types";
import type { EventRecord } from "@polkadot/types/interfaces";
import { asError } from "../../model/errors.js";
import { systemClock } from "../../async/system-clock.js";
import { pause } from "../../async/timer.js";
import { ChainUnavailable } from "./chain.js";
import type { Connection } from "./connection.js";
import type { Link } from "./link.js";

export interface FinalizedBlocksSettings {
  /** Most blocks that are fetched one by one after an interruption; older ones are only reported as a gap. */
  readonly maxCatchUpBlocks: number;
  /** Milliseconds before a block that could not be fetched is tried again. */
  readonly retryMs: number;
}

export const FINALIZED_BLOCKS_DEFAULTS: FinalizedBlocksSettings = { maxCatchUpBlocks: 256, retryMs: 500 };

/** One event of a block, decoded by the runtime that executed the block. */
export interface BlockEvent {
  /** The block's number. */
  readonly block: number;
  /** Position of the extrinsic that caused it; undefined for those of the block itself. */
  readonly extrinsic: number | undefined;
  readonly section: string;
  readonly method: string;
  /** By field name in camel case. */
  field(name: string): Codec | undefined;
  /** The data in order. */
  readonly data: readonly Codec[];
}

/** Contents are fetched when first asked for, and once for all listeners. */
export interface FinalizedBlock {
  readonly number: number;
  readonly hash: string;
  /** Each as hex of its SCALE bytes. */
  extrinsics(): Promise<readonly string[]>;
  events(): Promise<readonly BlockEvent[]>;
}

export interface BlockListener {
  /** Called with every finalized block, in order, one at a time; again when it rejects with ChainUnavailable. */
  onBlock(block: FinalizedBlock): Promise<void>;
  /** Blocks `from` … `to` were not delivered. Without numbers: after a new link some may be missing. */
  onGap(missed?: { readonly from: number; readonly to: number }): Promise<void>;
}

/** Follows the finalized heads and hands every block to the listeners, also those skipped between two heads. */
export class FinalizedBlocks {
  private readonly connection: Connection;
  private readonly settings: FinalizedBlocksSettings;
  private readonly listeners = new Set<BlockListener>();
  private readonly stop: () => void;
  /** Last block delivered; undefined before the first head. */
  private cursor: number | undefined;
  private target = -1;
  private link: Link | undefined;
  private newLink = false;
  private pump: Promise<void> | undefined;

  constructor(components: { connection: Connection }, settings: Partial<FinalizedBlocksSettings> = {}) {
    this.connection = components.connection;
    this.settings = { ...FINALIZED_BLOCKS_DEFAULTS, ...settings };
    this.stop = this.connection.onLink((link) => void this.follow(link));
  }

  /** Until the link breaks: a node may leave the request unanswered, and the link be well. Its successor has its own. */
  private async follow(link: Link): Promise<void> {
    while (!link.down.aborted && !this.connection.closing.aborted) {
      try {
        await link.subscribe("chain_finalizedHead", "chain_subscribeFinalizedHeads", (head) => this.onHead(link, head));
        return;
      } catch {
        await this.rest();
      }
    }
  }

  /** Number of the last block that all listeners have seen; undefined before the first head. */
  get last(): number | undefined {
    return this.cursor;
  }

  /** Returns the function that ends it. */
  watch(listener: BlockListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The finalized block of this number; its hash is asked for first. */
  async at(number: number): Promise<FinalizedBlock> {
    const hash = await this.connection.call((link) => link.send("chain_getBlockHash", [number]));
    if (typeof hash !== "string") throw new ChainUnavailable(`the node does not know block ${number}`);
    return new FetchedBlock(this.connection, number, hash);
  }

  /** Waits for the block in hand; the connection is not closed. */
  async close(): Promise<void> {
    this.stop();
    this.listeners.clear();
    this.target = -1;
    await this.pump;
  }

  private onHead(link: Link, head: unknown): void {
    const number = Number((head as { number: string }).number);
    this.connection.sawFinalized(number);
    if (this.link !== link) {
      this.link = link;
      this.newLink = true;
      // The node is behind, or a development chain was begun anew: better deliver blocks twice than wait for ever.
      this.cursor = Math.min(this.cursor ?? number - 1, number);
      this.target = number;
    }
    this.target = Math.max(this.target, number);
    this.pump ??= this.deliverAll().finally(() => (this.pump = undefined));
  }

  private async deliverAll(): Promise<void> {
    while (!this.connection.closing.aborted && this.cursor !== undefined) {
      if (this.newLink) {
        this.newLink = false;
        await this.each((listener) => listener.onGap());
      }
      const first = this.cursor + 1;
      if (first > this.target) return;
      if (this.listeners.size === 0) {
        this.cursor = this.target;
        return;
      }
      const to = this.target - this.settings.maxCatchUpBlocks;
      if (first <= to) {
        await this.each((listener) => listener.onGap({ from: first, to }));
        this.cursor = Math.max(this.cursor, to);
        continue;
      }
      await this.deliver(first);
    }
  }

  private async deliver(number: number): Promise<void> {
    let block: FinalizedBlock;
    try {
      block = await this.at(number);
    } catch {
      await this.rest();
      return;
    }
    await this.each((listener) => listener.onBlock(block));
    // A new link may have set the cursor back meanwhile.
    if (this.cursor === number - 1) this.cursor = number;
  }

  /** Calls each listener, again while the chain cannot be reached. */
  private async each(tell: (listener: BlockListener) => Promise<void>): Promise<void> {
    for (const listener of [...this.listeners]) {
      while (this.listeners.has(listener) && !this.connection.closing.aborted) {
        try {
          await tell(listener);
          break;
        } catch (error) {
          if (!(error instanceof ChainUnavailable)) break;
          await this.rest();
        }
      }
    }
  }

  private async rest(): Promise<void> {
    await pause(systemClock, this.settings.retryMs, [this.connection.closing]).catch(() => undefined);
  }
}

class FetchedBlock implements FinalizedBlock {
  private fetchedExtrinsics: Promise<readonly string[]> | undefined;
  private fetchedEvents: Promise<readonly BlockEvent[]> | undefined;

  constructor(
    private readonly connection: Connection,
    readonly number: number,
    readonly hash: string,
  ) {}

  extrinsics(): Promise<readonly string[]> {
    this.fetchedExtrinsics ??= this.connection
      .call(async (link) => {
        const answer = (await link.send("chain_getBlock", [this.hash])) as { block: { extrinsics: string[] } } | null;
        if (answer === null) throw new ChainUnavailable(`the node does not have block ${this.number}`);
        return answer.block.extrinsics;
      })
      .catch((error: unknown) => {
        this.fetchedExtrinsics = undefined;
        throw asError(error);
      });
    return this.fetchedExtrinsics;
  }

  events(): Promise<readonly BlockEvent[]> {
    this.fetchedEvents ??= this.connection
      .call((link) => readEvents(link, this))
      .catch((error: unknown) => {
        this.fetchedEvents = undefined;
        throw asError(error);
      });
    return this.fetchedEvents;
  }
}

/** A block's events have the types of the runtime that executed it, which after an upgrade is not the present one. */
async function readEvents(link: Link, { number, hash }: FinalizedBlock): Promise<readonly BlockEvent[]> {
  const entry = link.api.query["system"]?.["events"];
  if (entry === undefined) throw new ChainUnavailable(`${link.name}: this runtime has no system.events`);
  const [raw, { registry }] = await Promise.all([
    link.send("state_getStorage", [entry.key(), hash]),
    link.api.getBlockRegistry(Buffer.from(hash.slice(2), "hex")),
  ]);
  if (typeof raw !== "string") return [];
  const records = registry.createType("Vec<EventRecord>", Buffer.from(raw.slice(2), "hex")) as unknown as EventRecord[];
  return records.map(({ phase, event }) => ({
    block: number,
    extrinsic: phase.isApplyExtrinsic ? phase.asApplyExtrinsic.toNumber() : undefined,
    section: event.section,
    method: event.method,
    data: [...event.data],
    field: (name) => event.data[event.data.names?.indexOf(name) ?? -1],
  }));
}
