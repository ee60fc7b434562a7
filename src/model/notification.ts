/** Names of events, as in S3, and one of our own: the network has stored the object. */
export const eventNames = [
  "s3:ObjectCreated:Put",
  "s3:ObjectCreated:Post",
  "s3:ObjectCreated:Copy",
  "s3:ObjectCreated:CompleteMultipartUpload",
  "s3:ObjectRemoved:Delete",
  "s3:ObjectRemoved:DeleteMarkerCreated",
  "s3:LifecycleExpiration:Delete",
  "s3:LifecycleExpiration:DeleteMarkerCreated",
  "cess:ObjectStored",
] as const;
export type EventName = (typeof eventNames)[number];

/** Sent to a new receiver as a test. Rules cannot ask for it. */
export const TEST_EVENT = "s3:TestEvent";

/** Names with `*` at the end, which stand for several events. */
export const eventGroups = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:LifecycleExpiration:*"] as const;
export type EventGroup = (typeof eventGroups)[number];

/** A receiver of a bucket's events, and the events it wants. */
export interface NotificationRule {
  readonly id: string;
  /** A webhook's name in the operator's configuration. */
  readonly webhook: string;
  readonly events: readonly (EventName | EventGroup)[];
  readonly prefix?: string;
  readonly suffix?: string;
}

export interface NotificationConfiguration {
  readonly rules: readonly NotificationRule[];
}

/** Who caused an event. */
export interface EventSource {
  /** Account.id, or a name for a source without an account. */
  readonly principal: string;
  /** IP address; "" for background work. */
  readonly address: string;
  readonly requestId: string;
}

/** An event for the outbox, recorded in the transaction of the change. */
export interface OutboxEvent {
  /** A group for deletions: the outcome decides which event of the group it is. */
  readonly event: EventName | "s3:ObjectRemoved:*" | "s3:LifecycleExpiration:*" | typeof TEST_EVENT;
  readonly source: EventSource;
  /** The rules that match the key. */
  readonly rules: readonly NotificationRule[];
}

/** An event as it waits for its webhook. */
export interface ObjectEvent {
  readonly event: EventName | typeof TEST_EVENT;
  /** NotificationRule.id */
  readonly rule: string;
  readonly source: EventSource;
  readonly bucket: string;
  readonly region: string;
  /** Account.id of the bucket's owner. */
  readonly bucketOwner: string;
  /** "" for a test. */
  readonly key: string;
  /** Absent in a bucket that never had versioning. */
  readonly versionId?: string;
  /** Bytes, and the ETag without quotes; absent where the object is gone. */
  readonly size?: number;
  readonly etag?: string;
  readonly fid?: string;
}

export function covers(rule: EventName | EventGroup, event: string): boolean {
  return rule === event || (rule.endsWith("*") && event.startsWith(rule.slice(0, -1)));
}

/** The rules that match a key and an event (or some event of a group), with the event; undefined if none match. */
export function outboxEventFor(
  rules: readonly NotificationRule[],
  event: OutboxEvent["event"],
  key: string,
  source: EventSource,
): OutboxEvent | undefined {
  const concerned = rules.filter(
    ({ prefix = "", suffix = "", events }) =>
      key.startsWith(prefix) &&
      key.endsWith(suffix) &&
      events.some((each) => covers(each, event) || (event.endsWith("*") && each.startsWith(event.slice(0, -1)))),
  );
  return concerned.length === 0 ? undefined : { event, source, rules: concerned };
}

/** Whether two rules match the same event of the same key, which S3 forbids within a bucket. */
export function overlap(one: NotificationRule, other: NotificationRule): boolean {
  const either = (a: string, b: string, within: (text: string, part: string) => boolean) =>
    within(a, b) || within(b, a);
  return (
    one.events.some((event) => other.events.some((another) => covers(event, another) || covers(another, event))) &&
    either(one.prefix ?? "", other.prefix ?? "", (text, part) => text.startsWith(part)) &&
    either(one.suffix ?? "", other.suffix ?? "", (text, part) => text.endsWith(part))
  );
}
