import type { Logger } from "pino";
import type { Progress, Worker } from "../background/worker.js";
import type { Catalog } from "../catalog/catalog.js";
import type { Account, CessAccount } from "../model/account.js";
import type { Clock } from "../model/clock.js";
import type { Fid } from "../model/hash.js";
import type { Chain } from "../network/chain/chain.js";
import { journalFiles, type OpenedName } from "./journal-files.js";

export interface JournalFenceComponents {
  readonly catalog: Pick<Catalog, "journal">;
  readonly chain: Pick<Chain, "file" | "ownedFiles" | "connected">;
  readonly names: { open(name: string): OpenedName | undefined };
  /** Who owns journals on the chain; undefined: nobody yet. */
  readonly account: () => Account | undefined;
  readonly clock: Clock;
  readonly log: Pick<Logger, "warn">;
  /** Called once, when another gateway goes on with this catalog's journals (not by `begin`): nothing more may be written to it. */
  readonly onSuperseded: (journal: number) => void;
  /** Called when it is known again, after a while in which it was not, that no other one does. */
  readonly onOurs: () => void;
}

/** Workers that do on the chain what cannot be undone: what they do waits until a look is fresh. */
export const HELD_BY_FENCE: readonly string[] = ["delete", "repairer"];

export const FENCE_DEFAULTS = {
  /** Between two looks, ms. */
  lookMs: 60_000,
};

/** Between two tries while the chain cannot be asked, ms. */
const RETRY_MS = 1_000;
/** A look may come late by this part of the time between two, before anything is held. */
const SLACK = 4;
/** Looks take at most one part in so many of the time. */
const REST = 50;

/** Who goes on with a catalog's journals; `unknown`: the chain cannot be asked. */
type Found = "ours" | "superseded" | "unknown";

/**
 * Looks on the chain whether another gateway, made from this one's journals, goes on in its place: at the start, before each
 * journal, and every so often.
 */
export class JournalFence implements Worker {
  readonly name = "journal-fence";
  private readonly lookMs: number;
  private superseded = false;
  /** Until when the last look is recent enough for what cannot be undone. */
  private freshUntil = -Infinity;
  private dueAt = -Infinity;
  /** Of the account's files those that are no journal of another gateway: their names never change. */
  private known: ReadonlySet<Fid> = new Set();

  constructor(
    private readonly components: JournalFenceComponents,
    settings: Partial<typeof FENCE_DEFAULTS> = {},
  ) {
    this.lookMs = { ...FENCE_DEFAULTS, ...settings }.lookMs;
  }

  /** Whether it was seen lately that no other gateway goes on with this catalog's journals. */
  get isFresh(): boolean {
    return !this.superseded && this.components.clock.now() <= this.freshUntil;
  }

  /** Whether this gateway is known to be the one that goes on; false also where nobody can tell. Rejects with ChainUnavailable. */
  async look(): Promise<boolean> {
    if (this.superseded) return false;
    const { found, newer } = await this.find();
    if (newer !== undefined) this.components.onSuperseded(newer);
    return found === "ours";
  }

  /**
   * Looks before anything else is done, and tries for so long, ms. `unknown`: the chain could not be asked in that time.
   */
  async begin(patienceMs: number): Promise<Found> {
    const { clock } = this.components;
    for (const end = clock.now() + patienceMs; ;) {
      const { found } = await this.find().catch(() => ({ found: "unknown" as const }));
      if (found !== "unknown" || clock.now() >= end) return found;
      await clock.sleep(Math.min(RETRY_MS, patienceMs));
    }
  }

  async step(): Promise<Progress> {
    const { clock } = this.components;
    if (this.superseded) return { kind: "idle", until: clock.now() + this.lookMs };
    if (clock.now() < this.dueAt) return { kind: "idle", until: this.dueAt };
    // The chain's own worker tells that it cannot be reached.
    await this.look().catch(() => false);
    return { kind: "idle", until: Math.max(this.dueAt, clock.now() + RETRY_MS) };
  }

  private async find(): Promise<{ readonly found: Found; readonly newer?: number }> {
    const { catalog, chain, clock, account, log } = this.components;
    const { stream, number } = await catalog.journal.state();
    const began = clock.now();
    // Nobody has anything of a catalog without journals.
    if (number > 0) {
      const owner = account();
      if (!owner || !chain.connected) return { found: "unknown" };
      const newer = await this.newer(owner.cessAccount, stream, number);
      if (newer !== undefined) {
        this.superseded = true;
        log.warn({ journal: newer, own: number }, "another gateway goes on with this catalog's journals");
        return { found: "superseded", newer };
      }
    }
    const wasFresh = this.isFresh;
    const now = clock.now();
    this.dueAt = Math.max(began + this.lookMs, now + REST * (now - began));
    this.freshUntil = this.dueAt + this.lookMs / SLACK;
    if (!wasFresh) this.components.onOurs();
    return { found: "ours" };
  }

  /** The highest number of this catalog's journals on the chain that it does not know, above `number`. */
  private async newer(account: CessAccount, stream: string, number: number): Promise<number | undefined> {
    const { catalog, chain, names } = this.components;
    const owned = [...new Set(await chain.ownedFiles(account))];
    const unknown = await catalog.journal.unknown(owned.filter((fid) => !this.known.has(fid)));
    const found = await journalFiles(chain, names, account, unknown, () => undefined);
    const numbers = (found.get(stream) ?? []).map((file) => file.number).filter((other) => other > number);
    if (numbers.length > 0) return Math.max(...numbers);
    this.known = new Set(owned);
    return undefined;
  }
}
