import { backoffMs } from "../async/backoff.js";
import type { Clock } from "../model/clock.js";
import type { Fid, Hash } from "../model/hash.js";
import { FRAGMENTS } from "../model/sizes.js";
import { type ChainDeal, ChainRefusal } from "../network/chain/chain.js";
import type { NodeChain } from "../network/chain/node-chain.js";
import type { FaultyLink } from "./faults.js";
import type { FragmentStore } from "./fragment-store.js";
import type { Logger } from "./logger.js";

export interface ReporterComponents {
  readonly chain: NodeChain;
  readonly store: FragmentStore;
  readonly link: FaultyLink;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface ReporterSettings {
  /**
   * FIDs that are checked or reported at a time. A report takes as long as finality (about 20 s on the real chain), so
   * a node completes at most this many files in that time.
   */
  readonly concurrency: number;
  /**
   * Pause after a failed check or report, half of it random; doubles up to the maximum. Tries go on while the deal is
   * pending.
   */
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
  /** FIDs that wait to be checked. Beyond them the whole store is walked again instead. */
  readonly waiting: number;
}

export const reporterDefaults: ReporterSettings = {
  concurrency: 16,
  firstRetryMs: 1_000,
  maxRetryMs: 60_000,
  waiting: 10_000,
};

interface Due {
  readonly at: number;
  readonly attempt: number;
}

/** How long the reporter sleeps when nothing is due; changes wake it. */
const IDLE_MS = 60_000;

/**
 * Reports complete fragment batches on chain. No state is saved: what is held and the chain's state tell what is left
 * to do. A FID can be checked any number of times, and a restart begins by checking all of them.
 */
export class Reporter {
  private readonly settings: ReporterSettings;
  private readonly due = new Map<Fid, Due>();
  private readonly running = new Map<Fid, Promise<void>>();
  private readonly closing = new AbortController();
  private wakeUp = new AbortController();
  private walk: AsyncGenerator<Fid> | undefined;
  private walkAgain = false;
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly components: ReporterComponents,
    settings: Partial<ReporterSettings> = {},
  ) {
    this.settings = { ...reporterDefaults, ...settings };
  }

  start(): void {
    this.lookAtAll();
    this.loop = this.run();
  }

  /** Checks this FID soon: something of it changed, here or on chain. */
  look(fid: Fid): void {
    this.schedule(fid, { at: this.components.clock.now(), attempt: 0 });
    this.wake();
  }

  /** Checks every FID that is held. */
  lookAtAll(): void {
    this.walkAgain = true;
    this.wake();
  }

  /** Ends reports under way (one already sent may still land, which is harmless). */
  async close(): Promise<void> {
    this.closing.abort(new Error("the storage node is closing"));
    this.wake();
    await this.loop;
    await Promise.all(this.running.values());
  }

  private async run(): Promise<void> {
    while (!this.closing.signal.aborted) {
      const wakeUp = (this.wakeUp = new AbortController());
      const able = this.components.chain.connected && this.running.size < this.settings.concurrency;
      const next = able ? await this.next() : undefined;
      if (next === undefined) await this.components.clock.sleep(this.untilDue(), wakeUp.signal).catch(() => undefined);
      else this.attempt(...next);
    }
    await this.walk?.return(undefined);
  }

  private attempt(fid: Fid, attempt: number): void {
    const work = this.settle(fid)
      .catch((error: unknown) => {
        if (this.closing.signal.aborted) return;
        const { firstRetryMs: minMs, maxRetryMs: maxMs } = this.settings;
        const delay = backoffMs({ minMs, maxMs }, attempt + 1, Math.random);
        this.components.logger.warn({ fid, error, delay }, "a report failed and will be tried again");
        // A check that was asked for meanwhile is kept.
        if (!this.due.has(fid)) this.schedule(fid, { at: this.components.clock.now() + delay, attempt: attempt + 1 });
      })
      .finally(() => {
        this.running.delete(fid);
        this.wake();
      });
    this.running.set(fid, work);
  }

  /** Reports one complete index, unless this node is in the deal already or there is nothing to report. */
  private async settle(fid: Fid): Promise<void> {
    const { chain, store, link, logger } = this.components;
    const taken = new Set<number>();
    while (link.reports && taken.size < FRAGMENTS) {
      const deal = await chain.deal(fid);
      if (!deal || deal.reports.some(({ node }) => node === chain.account)) return;
      for (const { index } of deal.reports) taken.add(index);
      const complete = completeIndexes(deal, await store.hashes(fid)).filter((index) => !taken.has(index));
      // Equal fragments make several indexes complete at once (all twelve, in a file of zeros); if every node took the
      // lowest, eleven reports of twelve would be refused.
      const index = complete[Math.floor(Math.random() * complete.length)];
      if (index === undefined) return;
      try {
        await chain.report(index, fid, this.closing.signal);
        logger.info({ fid, index }, "reported a fragment batch");
        return;
      } catch (error) {
        // Another node took this index, or an earlier report of ours was included after all: the deal tells which.
        if (!(error instanceof ChainRefusal && error.kind === "existed")) throw error;
        taken.add(index);
      }
    }
  }

  private async next(): Promise<[Fid, number] | undefined> {
    const now = this.components.clock.now();
    for (const [fid, { at, attempt }] of this.due) {
      if (at > now || this.running.has(fid)) continue;
      this.due.delete(fid);
      return [fid, attempt];
    }
    if (!this.walk && this.walkAgain && this.due.size < this.settings.waiting) {
      this.walkAgain = false;
      this.walk = this.components.store.fids();
    }
    try {
      const step = await this.walk?.next();
      if (step?.done === false) {
        if (!this.running.has(step.value)) return [step.value, 0];
        // It is being checked right now: it is checked once more afterwards.
        this.look(step.value);
        return await this.next();
      }
    } catch (error) {
      this.components.logger.warn({ error }, "the store could not be walked");
    }
    this.walk = undefined;
    return undefined;
  }

  private schedule(fid: Fid, due: Due): void {
    if (this.due.has(fid) || this.due.size < this.settings.waiting) this.due.set(fid, due);
    else this.walkAgain = true;
  }

  private untilDue(): number {
    if (!this.components.chain.connected) return this.settings.firstRetryMs;
    // Running checks wake the loop when they end.
    if (this.running.size >= this.settings.concurrency) return IDLE_MS;
    let earliest = this.components.clock.now() + IDLE_MS;
    for (const [fid, { at }] of this.due) if (!this.running.has(fid)) earliest = Math.min(earliest, at);
    return Math.max(0, earliest - this.components.clock.now());
  }

  private wake(): void {
    this.wakeUp.abort();
  }
}

/** Indexes of which every segment's fragment is held. */
export function completeIndexes(deal: ChainDeal, held: ReadonlySet<Hash>): number[] {
  if (deal.segments.length === 0) return [];
  const holds = (index: number) =>
    deal.segments.every(({ fragments }) => {
      const hash = fragments[index];
      return hash !== undefined && held.has(hash);
    });
  return Array.from({ length: FRAGMENTS }, (_, index) => index).filter(holds);
}
