import { randomBytes } from "node:crypto";
import pg from "pg";
import { z } from "zod";
import { backoffMs } from "../../async/backoff.js";
import type { Clock } from "../../model/clock.js";
import { Announcements } from "../announcements.js";
import type { Listener } from "../store.js";

export interface NotificationsSettings {
  readonly connection: pg.PoolConfig;
  readonly connectTimeoutMs: number;
  /** Where the tables are: gateways of another catalog in this database are not told. */
  readonly schema: string;
}

/** Announcements of one moment go together, ms. */
const GATHERED_MS = 5;
/** Different announcements that wait to be sent; further ones are dropped. */
const MAX_WAITING = 500;
const RECONNECT = { minMs: 500, maxMs: 30_000 };

const payload = z.tuple([z.string(), z.string(), z.string()]);

/**
 * Announcements between gateways, by NOTIFY on a connection of their own: within a transaction NOTIFY would make all
 * commits wait for each other. What is announced while the connection is lost reaches this process alone.
 */
export class Notifications {
  private readonly announcements = new Announcements();
  /** Tells a process's own announcements from others'. */
  private readonly origin = randomBytes(9).toString("base64url");
  private readonly waiting = new Set<string>();
  private readonly ended = new AbortController();
  private client: pg.Client | undefined;
  private timer: NodeJS.Timeout | undefined;
  private sending: Promise<void> = Promise.resolve();
  private connected: Promise<void> = Promise.resolve();

  private constructor(private readonly settings: NotificationsSettings | undefined) {}

  /** Within this process alone. */
  static local(): Notifications {
    return new Notifications(undefined);
  }

  static over({ clock }: { readonly clock: Clock }, settings: NotificationsSettings): Notifications {
    const notifications = new Notifications(settings);
    notifications.connected = notifications.keepConnected(clock, settings);
    return notifications;
  }

  subscribe(topic: string, listener: Listener): () => void {
    return this.announcements.subscribe(topic, listener);
  }

  announce(topic: string, text: string): void {
    this.announcements.deliver(topic, text);
    if (!this.settings || this.waiting.size >= MAX_WAITING) return;
    this.waiting.add(JSON.stringify([this.origin, topic, text]));
    this.timer ??= setTimeout(() => this.flush(), GATHERED_MS);
  }

  async close(): Promise<void> {
    this.ended.abort();
    this.flush();
    await this.sending;
    await this.client?.end().catch(() => undefined);
    await this.connected;
  }

  private get channel(): string {
    return `cess_s3 ${this.settings?.schema}`;
  }

  /** One query after the other: each takes all that waits by then. */
  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.sending = this.sending.then(() => this.send());
  }

  private async send(): Promise<void> {
    const texts = [...this.waiting];
    this.waiting.clear();
    if (!this.client || texts.length === 0) return;
    await this.client
      .query("select pg_notify($1, text) from unnest($2::text[]) as text", [this.channel, texts])
      .catch(() => undefined);
  }

  /** A connection that ends is made again, until the store is closed. */
  private async keepConnected(clock: Clock, settings: NotificationsSettings): Promise<void> {
    const { signal } = this.ended;
    for (let failures = 1; !signal.aborted; failures++) {
      const client = new pg.Client({
        ...settings.connection,
        connectionTimeoutMillis: settings.connectTimeoutMs,
        keepAlive: true,
      });
      const lost = new Promise<void>((resolve) => {
        client.on("error", () => resolve());
        client.on("end", () => resolve());
      });
      client.on("notification", ({ payload: text }) => this.receive(text ?? ""));
      try {
        await client.connect();
        await client.query(`listen ${client.escapeIdentifier(this.channel)}`);
        failures = 0;
        // The store may have been closed meanwhile.
        if (!this.ended.signal.aborted) {
          this.client = client;
          await lost;
        }
      } catch {
        // Made again below.
      }
      this.client = undefined;
      await client.end().catch(() => undefined);
      await clock.sleep(backoffMs(RECONNECT, failures + 1, Math.random), signal).catch(() => undefined);
    }
  }

  private receive(text: string): void {
    const [origin, topic, told] = parse(text);
    if (origin !== this.origin) this.announcements.deliver(topic, told);
  }
}

/** Anyone who may connect to the database can notify: what is no announcement of ours is nobody's topic. */
function parse(text: string): readonly [string, string, string] {
  try {
    return payload.parse(JSON.parse(text));
  } catch {
    return ["", "", ""];
  }
}
