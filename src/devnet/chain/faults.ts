import type { Author } from "./author.js";
import type { Chain } from "./chain.js";

/** Faults on demand, for tests and demonstrations; each is also an RPC method `dev_…`. */
export class Faults {
  private author: Author | undefined;
  private server: { dropConnections(): void } | undefined;

  constructor(readonly chain: Chain) {}

  /** Author and server are connected later, since the server is constructed with the faults. */
  connect(author: Author, server: { dropConnections(): void }): void {
    this.author = author;
    this.server = server;
  }

  /** Stops or resumes building blocks. */
  stallBlocks(stalled: boolean): void {
    if (this.author !== undefined) this.author.stalled = stalled;
  }

  /** The next `count` extrinsics are accepted and never included. */
  ignoreExtrinsics(count: number): void {
    this.chain.pool.ignoreNext = count;
  }

  /** Blocks are built, but none becomes final. */
  holdFinality(held: boolean): void {
    this.chain.finalityHeld = held;
    this.chain.finalize();
  }

  /** Cuts every connection, as a restarting node would. */
  dropConnections(): void {
    this.server?.dropConnections();
  }
}
