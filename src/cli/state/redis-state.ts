import KeyvRedis, { createClient, type RedisClientType } from "@keyv/redis";
import { Keyv } from "keyv";
import type { HealthCheck } from "../../admin/health.js";
import { backoffMs } from "../../async/backoff.js";
import { after } from "../../async/timer.js";
import type { Clock } from "../../model/clock.js";
import type { KeyValueStore } from "../../model/key-value-store.js";
import { KIB, MIB } from "../../model/sizes.js";

export const REDIS_STATE = {
  /** How long a call may take, ms. */
  callMs: 250,
  /** To connect, ms; and between two attempts, doubling. */
  connectMs: 2_000,
  retryMs: { minMs: 100, maxMs: 5_000 },
  /** A connection over which nothing comes for so long is given up, ms; it is asked more often. */
  silentMs: 10_000,
  askMs: 3_000,
  /** Calls that wait for an answer. */
  calls: 256,
  /** Characters of a value, as JSON. */
  maxLength: 2 * MIB,
  keyLength: KIB,
};

export interface RedisStateSettings {
  /** `redis://…` or `rediss://…`, perhaps with name and password. */
  readonly url: string;
  readonly password?: string | undefined;
  /** Before all keys: who has another one sees none of them. */
  readonly namespace: string;
}

export type StateCallResult = "done" | "failed" | "late" | "oversized";

/**
 * A Redis or Valkey. Nothing waits for it to come back: while it is away each call fails at once, and when it hangs, after
 * `callMs`. The connection is made anew in the background for ever.
 */
export class RedisState implements KeyValueStore, HealthCheck {
  readonly name = "state";
  readonly counts: Record<StateCallResult, number> = { done: 0, failed: 0, late: 0, oversized: 0 };
  private readonly keyv: Keyv<string>;
  private trouble: string | undefined = "not connected yet";

  private constructor(
    private readonly client: RedisClientType,
    private readonly clock: Clock,
    /** For messages. */
    private readonly place: string,
    namespace: string,
  ) {
    const noted = (error: unknown) => (this.trouble = reasonOf(error));
    client.on("error", noted);
    client.on("ready", () => (this.trouble = undefined));
    const store = new KeyvRedis(client, { throwOnErrors: true });
    store.on("error", () => undefined);
    this.keyv = new Keyv({ store, namespace, throwOnErrors: true, emitErrors: false });
    this.keyv.on("error", () => undefined);
  }

  /** Does not wait for the connection. */
  static open({ url, password, namespace }: RedisStateSettings, clock: Clock): RedisState {
    const { connectMs, retryMs, silentMs, askMs, calls } = REDIS_STATE;
    const client = createClient({
      url,
      ...(password === undefined ? {} : { password }),
      // While it is away, calls fail at once.
      disableOfflineQueue: true,
      commandsQueueMaxLength: calls,
      pingInterval: askMs,
      socket: {
        connectTimeout: connectMs,
        socketTimeout: silentMs,
        reconnectStrategy: (attempts) => backoffMs(retryMs, attempts + 1, Math.random),
      },
    }) as RedisClientType;
    const { host } = new URL(url);
    const state = new RedisState(client, clock, host, namespace);
    client.connect().catch(() => undefined);
    return state;
  }

  get connected(): boolean {
    return this.client.isReady;
  }

  /** Undefined for what is not there, is too long or no JSON. Rejects when there is no answer in time. */
  async get(key: string): Promise<unknown> {
    const text: unknown = await this.within(this.keyv.get(key));
    if (typeof text !== "string") return undefined;
    if (text.length > REDIS_STATE.maxLength) {
      this.counts.oversized++;
      return undefined;
    }
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  }

  /** Rejects when there is no answer in time, and for a value that is too long. */
  async set(key: string, value: unknown, ttlMs?: number): Promise<void> {
    const text = JSON.stringify(value);
    if (text.length > REDIS_STATE.maxLength) {
      this.counts.oversized++;
      throw new Error(`the value of ${key} has ${text.length} characters, more than ${REDIS_STATE.maxLength}`);
    }
    await this.within(this.keyv.set(key, text, ttlMs));
  }

  reason(): string | undefined {
    return undefined;
  }

  warning(): string | undefined {
    if (this.connected) return undefined;
    return (
      `the shared state, Redis or Valkey at ${this.place} (state.url), cannot be used: ${this.trouble ?? "it does not answer"}. ` +
      "Nothing is lost; until it is back, request rates count for each gateway by itself, and what one learns of storage nodes " +
      "the others do not"
    );
  }

  close(): void {
    this.client.destroy();
  }

  private async within<T>(call: Promise<T>): Promise<T> {
    let cancel = (): void => undefined;
    const seen = { late: false };
    const late = new Promise<never>((_, reject) => {
      cancel = after(this.clock, REDIS_STATE.callMs, () => {
        seen.late = true;
        this.trouble = `no answer within ${REDIS_STATE.callMs} ms`;
        reject(new Error(`the shared state at ${this.place} did not answer within ${REDIS_STATE.callMs} ms`));
      });
    });
    call.catch(() => undefined);
    try {
      const answer = await Promise.race([call, late]);
      this.counts.done++;
      return answer;
    } catch (error) {
      this.counts[seen.late ? "late" : "failed"]++;
      throw error;
    } finally {
      cancel();
    }
  }
}

/** Without the address, which is told beside it. */
function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
