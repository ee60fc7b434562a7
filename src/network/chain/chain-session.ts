import { ChainReader } from "./chain-reader.js";
import { Connection, type ConnectionSettings } from "./connection.js";
import type { FinalizedWatermark } from "./finalized-watermark.js";
import { FinalizedBlocks, type FinalizedBlocksSettings } from "./finalized-blocks.js";

export type ChainSessionSettings = Pick<ConnectionSettings, "endpoints"> &
  Partial<ConnectionSettings> &
  Partial<FinalizedBlocksSettings>;

/**
 * What all accounts of one process share: the connection, the finalized blocks, the reads. Whoever constructs it closes
 * it, after closing the clients that use it.
 */
export class ChainSession {
  readonly connection: Connection;
  readonly blocks: FinalizedBlocks;
  readonly reader: ChainReader;

  /** `watermark`: see Connection. */
  constructor(settings: ChainSessionSettings, watermark?: FinalizedWatermark) {
    this.connection = new Connection(settings, watermark);
    this.blocks = new FinalizedBlocks({ connection: this.connection }, settings);
    this.reader = new ChainReader(this.connection);
  }

  /** Resolves once connected. Rejects with ChainUnavailable after the call timeout; the attempts go on all the same. */
  async ready(signal?: AbortSignal): Promise<void> {
    await this.connection.call(() => Promise.resolve(), signal);
  }

  async close(): Promise<void> {
    await this.connection.close();
    await this.blocks.close();
  }
}
