import type { EventSource, NotificationRule, ObjectEvent } from "../../model/notification.js";

export interface WaitingEvent extends ObjectEvent {
  /** Grows, and orders the events of a key. */
  readonly id: string;
  readonly createdAt: number;
}

/** The outbox: events that webhooks have not taken yet, at most 10,000 for each. */
export interface EventCatalog {
  /** Names of webhooks that something waits for. */
  webhooks(): Promise<readonly string[]>;
  /** A test for each webhook that the rules name. */
  test(bucket: string, rules: readonly NotificationRule[], source: EventSource): Promise<void>;
  /** The oldest that wait for one, at most 500. */
  first(webhook: string, limit: number): Promise<readonly WaitingEvent[]>;
  delivered(ids: readonly string[]): Promise<void>;
  /** Drops events older than this, at most 500 at a time. Returns how many. */
  expire(maxAgeMs: number): Promise<number>;
  /** `dropped`: in all, for their age or because too many waited. */
  counts(): Promise<{ readonly waiting: number; readonly dropped: number }>;
}
