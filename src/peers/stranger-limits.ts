import { DailyBudget } from "../async/daily-budget.js";
import { TokenBuckets, type BucketRate } from "../async/token-buckets.js";
import type { Clock } from "../model/clock.js";
import { Refusal } from "./refusal.js";

export interface StrangerLimitsSettings {
  /** Requests of one client. */
  readonly rate: BucketRate;
  /** Files sent at a time, and of these, to one client. */
  readonly downloads: number;
  readonly downloadsPerAddress: number;
  /** Bytes of files a day; 0: no limit. */
  readonly bytesPerDay: number;
}

/** A file on its way to a client. */
export interface Download {
  /** The bytes as they are sent. Throws when the day's bytes are used up, and as many again as an hour has. */
  metered(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void>;
  /** To be called once. */
  end(): void;
}

const DOWNLOADS_RETRY_MS = 5_000;

/**
 * How much of the gateway those get who need not say who they are. What they used is forgotten with the process. Requests and
 * bytes may be counted together with other processes; downloads at a time are each one's own.
 */
export class StrangerLimits {
  readonly counts = { limited: 0, bytes: 0 };
  readonly requests: TokenBuckets;
  readonly budget: DailyBudget | undefined;
  private readonly byClient = new Map<string, number>();
  private running = 0;

  constructor(
    clock: Pick<Clock, "now">,
    private readonly settings: StrangerLimitsSettings,
  ) {
    this.requests = new TokenBuckets(clock, settings.rate);
    this.budget = settings.bytesPerDay > 0 ? new DailyBudget(clock, settings.bytesPerDay) : undefined;
  }

  get downloads(): number {
    return this.running;
  }

  /** Throws Refusal 429 when the client has asked too often. `client`: its address or network. */
  admit(client: string): void {
    const retryAfterMs = this.requests.take(client);
    if (retryAfterMs > 0) this.refuse(429, "too many requests", retryAfterMs);
  }

  /** Throws Refusal 429 when the client has too many downloads, and 503 when there are, or were, too many of all. */
  download(client: string): Download {
    const { downloads, downloadsPerAddress } = this.settings;
    const own = this.byClient.get(client) ?? 0;
    if (own >= downloadsPerAddress) this.refuse(429, "too many downloads at a time", DOWNLOADS_RETRY_MS);
    if (this.running >= downloads) this.refuse(503, "server busy", DOWNLOADS_RETRY_MS);
    const waitMs = this.budget?.waitMs() ?? 0;
    if (waitMs > 0) this.refuse(503, "this gateway has sent as much as it may for now", waitMs);
    this.running++;
    this.byClient.set(client, own + 1);
    return {
      metered: (bytes) => this.metered(bytes),
      end: () => {
        this.running--;
        const left = (this.byClient.get(client) ?? 1) - 1;
        if (left > 0) this.byClient.set(client, left);
        else this.byClient.delete(client);
      },
    };
  }

  private async *metered(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of bytes) {
      this.counts.bytes += chunk.length;
      if (this.budget?.spend(chunk.length) === false)
        throw new Refusal(503, "this gateway has sent as much as it may for now");
      yield chunk;
    }
  }

  private refuse(code: 429 | 503, message: string, retryAfterMs: number): never {
    this.counts.limited++;
    throw new Refusal(code, message, { retryAfterMs });
  }
}
