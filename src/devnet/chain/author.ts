import type { Clock } from "../../model/clock.js";
import type { Chain } from "./chain.js";
import type { Logger } from "./logger.js";

/** Builds a block every `blockMs`, until closed. */
export class Author {
  private readonly ended = new AbortController();
  private readonly running: Promise<void>;
  /** A fault: while set, no block is built. */
  stalled = false;

  constructor(
    readonly components: { readonly chain: Chain; readonly clock: Clock; readonly logger: Logger },
    readonly settings: { readonly blockMs: number },
  ) {
    this.running = this.run();
  }

  async close(): Promise<void> {
    this.ended.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { chain, clock, logger } = this.components;
    const { signal } = this.ended;
    let next = clock.now() + this.settings.blockMs;
    for (;;) {
      await clock.sleep(Math.max(0, next - clock.now()), signal).catch(() => undefined);
      if (signal.aborted) return;
      // A slow machine builds fewer blocks, not a burst of late ones.
      next = Math.max(next + this.settings.blockMs, clock.now());
      if (this.stalled) continue;
      try {
        chain.build();
      } catch (error) {
        logger.error({ err: error }, "the dev chain could not build a block; it will try again");
      }
    }
  }
}
