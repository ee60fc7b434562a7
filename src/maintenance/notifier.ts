import { backoffMs } from "../async/backoff.js";
import type { Progress, Worker } from "../background/worker.js";
import type { Catalog } from "../catalog/catalog.js";
import type { Clock } from "../model/clock.js";
import { eventMessage } from "./event-record.js";

/** A receiver of events, as the operator named it. */
export interface Webhook {
  readonly name: string;
  readonly url: string;
  /** Sent as a bearer token. Called for each delivery, which fails if this throws. */
  readonly token?: () => string;
}

export const NOTIFIER_DEFAULTS = {
  /** Events in one POST. */
  batch: 100,
  /** Time between two reads of the outbox while the worker is not woken, ms. */
  pollMs: 2_000,
  /** Time that a receiver has to answer, ms. */
  timeoutMs: 10_000,
  /** Delay after a failure, ms; half of it is random. It doubles with each further failure … */
  retryMs: 1_000,
  /** … up to this. */
  maxRetryMs: 10 * 60_000,
  /** Age at which events are dropped, ms. */
  maxAgeMs: 3 * 86_400_000,
};
export type NotifierSettings = typeof NOTIFIER_DEFAULTS;

export interface NotifierComponents {
  readonly catalog: Pick<Catalog, "events">;
  readonly webhooks: readonly Webhook[];
  readonly clock: Clock;
  /** 0 ≤ r < 1, for the delays after failures; Math.random by default. */
  readonly random?: () => number;
  readonly log: { warn(fields: object, message: string): void };
}

/** When a receiver that failed is tried again. */
interface Trouble {
  readonly failures: number;
  readonly until: number;
}

/**
 * Delivers the outbox's events to their webhooks. Each webhook gets its events in order, and again until it answers
 * 2xx, so some may come twice. Events that are not taken for `maxAgeMs` are dropped and counted.
 */
export class Notifier implements Worker {
  readonly name = "notifier";
  private readonly settings: NotifierSettings;
  private readonly trouble = new Map<string, Trouble>();

  constructor(
    private readonly components: NotifierComponents,
    settings: Partial<NotifierSettings> = {},
  ) {
    this.settings = { ...NOTIFIER_DEFAULTS, ...settings };
  }

  async step(signal: AbortSignal): Promise<Progress> {
    const {
      catalog: { events },
      clock,
    } = this.components;
    const waiting = await events.webhooks();
    const now = clock.now();
    if (waiting.length > 0) await events.expire(this.settings.maxAgeMs);
    const ready = waiting.filter((name) => (this.trouble.get(name)?.until ?? 0) <= now);
    const known = this.components.webhooks.filter(({ name }) => ready.includes(name));
    if (known.length > 0) {
      await Promise.all(known.map((webhook) => this.deliver(webhook, signal)));
      return { kind: "busy" };
    }
    // Events of the network do not wake the worker, so the outbox is polled. Events of a webhook that is no longer
    // configured stay until they expire.
    const times = waiting.map((name) => this.trouble.get(name)?.until ?? Infinity).filter((until) => until > now);
    return { kind: "idle", until: Math.min(...times, now + this.settings.pollMs) };
  }

  private async deliver(webhook: Webhook, signal: AbortSignal): Promise<void> {
    const {
      catalog: { events },
      clock,
      log,
    } = this.components;
    const { name } = webhook;
    const { sent, message } = eventMessage(await events.first(name, this.settings.batch));
    try {
      await this.post(webhook, message, signal);
    } catch (error) {
      signal.throwIfAborted();
      const failures = (this.trouble.get(name)?.failures ?? 0) + 1;
      const { retryMs: minMs, maxRetryMs: maxMs } = this.settings;
      const delay = backoffMs({ minMs, maxMs }, failures, this.components.random ?? Math.random);
      this.trouble.set(name, { failures, until: clock.now() + delay });
      log.warn({ webhook: name, failures, err: error }, "a webhook did not take its events; they will be sent again");
      return;
    }
    this.trouble.delete(name);
    await events.delivered(sent.map(({ id }) => id));
  }

  private async post({ url, token }: Webhook, message: object, signal: AbortSignal): Promise<void> {
    const answer = await fetch(url, {
      method: "POST",
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(this.settings.timeoutMs)]),
      headers: {
        "content-type": "application/json",
        ...(token === undefined ? {} : { authorization: `Bearer ${token()}` }),
      },
      body: JSON.stringify(message),
    });
    await answer.body?.cancel();
    if (!answer.ok) throw new Error(`it answered ${answer.status}`);
  }
}
