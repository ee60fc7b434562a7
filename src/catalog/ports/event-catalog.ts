import type { LeaseEvent } from "../../model/lease.js";
import type { EventSource, NotificationRule, ObjectEvent } from "../../model/notification.js";

interface Waiting {
  /** Increases with time, so it orders the events of a key. */
  readonly id: string;
  readonly createdAt: number;
}

export type WaitingObjectEvent = ObjectEvent & Waiting;
export type WaitingLeaseEvent = LeaseEvent & Waiting;
/** Of a bucket's object, or of a territory. */
export type WaitingEvent = WaitingObjectEvent | WaitingLeaseEvent;

/** The outbox: events not yet delivered to their webhooks, at most 10,000 for each. */
export interface EventCatalog {
  /** Names of webhooks with waiting events. */
  webhooks(): Promise<readonly string[]>;
  /** Adds a test event for each webhook that the rules name. */
  test(bucket: string, rules: readonly NotificationRule[], source: EventSource): Promise<void>;
  /** The oldest waiting events of a webhook, at most 500. */
  first(webhook: string, limit: number): Promise<readonly WaitingEvent[]>;
  delivered(ids: readonly string[]): Promise<void>;
  /** Drops events older than this, at most 500 at a time. Returns how many. */
  expire(maxAgeMs: number): Promise<number>;
  /** `dropped`: the total that were dropped for their age or because too many were waiting. */
  counts(): Promise<{ readonly waiting: number; readonly dropped: number }>;
}
