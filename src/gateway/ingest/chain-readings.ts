import { LRUCache } from "lru-cache";
import type { Account } from "../../model/account.js";
import type { Clock } from "../../model/clock.js";
import { ChainUnavailable, type Chain, type Territory } from "../../network/chain/chain.js";
import { S3Error } from "../s3-error.js";

export const CHAIN_READINGS_DEFAULTS = {
  /** How long a reading of the chain is used without reading again, ms. */
  freshMs: 5_000,
  /** How long the last reading is used while the chain cannot be reached, ms. */
  staleMs: 600_000,
  /** How long the chain may take to answer, ms; then the last reading serves, or it is seen whether the chain is away. */
  waitMs: 2_000,
  /** Between two times that the readings are saved, ms. */
  saveMs: 60_000,
  /** Accounts whose last reading is kept. */
  maxAccounts: 10_000,
};
export type ChainReadingsSettings = typeof CHAIN_READINGS_DEFAULTS;

/** Where the readings are kept between two processes, by a key of the account. They may be lost. */
export interface ReadingStore {
  load(): Promise<ReadonlyMap<string, Reading>>;
  save(readings: ReadonlyMap<string, Reading>): Promise<void>;
}

/** What requests need of the chain. */
export type PayersChain = Pick<Chain, "account" | "connected" | "authorized" | "territory">;

export interface ChainReadingsComponents {
  readonly chain: PayersChain;
  readonly clock: Clock;
  /** Absent: readings end with the process. */
  readonly store?: ReadingStore | undefined;
}

/** An account's state on chain. */
export interface Reading {
  readonly authorized: boolean;
  readonly territory: Territory | undefined;
  /** When it was read. Milliseconds since 1970. */
  readonly at: number;
}

/**
 * What the chain says of the accounts that pay. While it cannot be reached, the last reading serves for `staleMs`, also one
 * of the process before; nobody waits for a chain that is known to be away.
 */
export class ChainReadings {
  private readonly settings: ChainReadingsSettings;
  private readonly readings: LRUCache<string, Reading>;
  private readonly asking = new Map<string, Promise<Reading>>();
  private restoring: Promise<void> | undefined;
  private restoredAt = 0;
  /** Whether the chain was waited for, or has answered: it may still be connecting when the first request comes. */
  private waited = false;
  private saving = false;
  private unsaved = false;

  constructor(
    private readonly components: ChainReadingsComponents,
    settings: Partial<ChainReadingsSettings> = {},
  ) {
    this.settings = { ...CHAIN_READINGS_DEFAULTS, ...settings };
    this.readings = new LRUCache({ max: this.settings.maxAccounts });
  }

  /** The last reading. */
  known(account: Account): Reading | undefined {
    return this.readings.get(keyOf(account));
  }

  isFresh({ at }: { readonly at: number }): boolean {
    return this.age(at) < this.settings.freshMs;
  }

  /** Reads anew. Where that cannot be, the last reading if it is not too old; otherwise ServiceUnavailable. */
  async read(account: Account): Promise<Reading> {
    this.restoring ??= this.restore();
    await this.restoring;
    const isAway = !this.components.chain.connected;
    let known = this.usable(account);
    if (isAway && !known) {
      await this.restoreAgain();
      known = this.usable(account);
    }
    if (isAway && known) return known;
    if (isAway && this.waited) throw unreachable();
    try {
      const asking = this.ask(account);
      let answer;
      // With nothing to go by, one that is slow is waited for, but not one that is away.
      do answer = await this.within(asking);
      while (!answer && !known && this.components.chain.connected);
      this.waited = true;
      if (answer) return answer;
    } catch (error) {
      if (!(error instanceof ChainUnavailable)) throw error;
      if (!known) throw unreachable(error);
    }
    if (known) return known;
    throw unreachable();
  }

  /** The last reading, if it is not too old. */
  private usable(account: Account): Reading | undefined {
    const last = this.known(account);
    return last && this.age(last.at) < this.settings.staleMs ? last : undefined;
  }

  /** Readings at the same time are one. Nobody need be waiting for it when it ends. */
  private ask(account: Account): Promise<Reading> {
    const key = keyOf(account);
    let asking = this.asking.get(key);
    if (!asking) {
      asking = this.askChain(account).finally(() => this.asking.delete(key));
      asking.catch(() => undefined);
      this.asking.set(key, asking);
    }
    return asking;
  }

  private async askChain(account: Account): Promise<Reading> {
    const { chain, clock } = this.components;
    const { cessAccount } = account;
    const at = clock.now();
    const [authorized, territory] = await Promise.all([
      chain.authorized(cessAccount),
      chain.territory(cessAccount, account.territory),
    ]);
    const reading = { authorized, territory, at };
    this.readings.set(keyOf(account), reading);
    this.saveSoon();
    return reading;
  }

  /** Undefined when it takes too long. */
  private async within<T>(work: Promise<T>): Promise<T | undefined> {
    const timer = new AbortController();
    const late = this.components.clock.sleep(this.settings.waitMs, timer.signal).then(
      () => undefined,
      () => undefined,
    );
    try {
      return await Promise.race([work, late]);
    } finally {
      timer.abort();
    }
  }

  /** Infinite for a time to come: the clock was set. */
  private age(at: number): number {
    const age = this.components.clock.now() - at;
    return age < 0 ? Infinity : age;
  }

  private saveSoon(): void {
    const { store, clock } = this.components;
    this.unsaved = true;
    if (!store || this.saving) return;
    this.saving = true;
    this.unsaved = false;
    // The first at once: there may be no later time.
    void store
      .save(new Map([...this.readings.entries()].filter(([, { at }]) => this.age(at) < this.settings.staleMs)))
      .catch(() => undefined)
      .then(() => clock.sleep(this.settings.saveMs))
      .catch(() => undefined)
      .then(() => {
        this.saving = false;
        if (this.unsaved) this.saveSoon();
      });
  }

  private async restore(): Promise<void> {
    this.restoredAt = this.components.clock.now();
    const found = await this.components.store?.load().catch(() => undefined);
    for (const [key, reading] of found ?? [])
      if (reading.at > (this.readings.get(key)?.at ?? -Infinity)) this.readings.set(key, reading);
  }

  /** Another gateway may have read it meanwhile. */
  private async restoreAgain(): Promise<void> {
    if (this.age(this.restoredAt) >= this.settings.freshMs) this.restoring = this.restore();
    await this.restoring;
  }
}

function keyOf({ cessAccount, territory }: Account): string {
  return `${cessAccount}/${territory}`;
}

function unreachable(cause?: unknown): S3Error {
  return new S3Error("ServiceUnavailable", {
    message: "The CESS chain cannot be reached, so the space left in the territory is unknown. Try again later.",
    cause,
  });
}
