import { watchAuthorizations } from "./chain-events.js";
import { ChainReader } from "./chain-reader.js";
import { Connection, type ConnectionSettings } from "./connection.js";
import type { FinalizedWatermark } from "./finalized-watermark.js";
import type { Fid } from "../../model/hash.js";
import type { BlockName, FileAtBlock } from "./chain.js";
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

  get connected(): boolean {
    return this.connection.connected;
  }

  /** Why the chain cannot be used; undefined while connected. */
  get trouble(): string | undefined {
    return this.connection.trouble;
  }

  /** The hash of the chain's first block: `0x` and 64 hex digits. Rejects with ChainUnavailable. */
  genesis(): Promise<string> {
    return this.connection.call(({ api }) => Promise.resolve(api.genesisHash.toHex()));
  }

  /** What the newest final block, or one that is named, shows under a FID. Rejects with ChainUnavailable. */
  fileAt(fid: Fid, block?: BlockName): Promise<FileAtBlock> {
    return this.reader.fileAt(fid, block);
  }

  /** The time of the best block, ms since 1970; undefined where the runtime keeps none. Rejects with ChainUnavailable. */
  blockTime(): Promise<number | undefined> {
    return this.reader.blockTime();
  }

  /**
   * Calls back when, by a finalized block, an account may have authorized a gateway or taken that back. Returns the
   * function that ends it.
   */
  watchAuthorizations(listener: () => void): () => void {
    return watchAuthorizations(this.blocks, listener);
  }

  async close(): Promise<void> {
    await this.connection.close();
    await this.blocks.close();
  }
}
