import { sql } from "kysely";
import { readDocument } from "../model/bucket-documents.js";
import type { Clock } from "../model/clock.js";
import type { LeaseEvent } from "../model/lease.js";
import {
  outboxEventFor,
  covers,
  TEST_EVENT,
  type OutboxEvent,
  type EventName,
  type EventSource,
  type NotificationRule,
  type ObjectEvent,
} from "../model/notification.js";
import type { EventCatalog, WaitingEvent } from "./catalog.js";
import { eventColumn } from "./json-columns.js";
import { fromKeyText } from "./key-text.js";
import { ROWS_PER_STATEMENT, chunks, toRowId, type Store, type Tx } from "./store.js";

/** Events that may wait for one webhook. Further ones are dropped and counted. */
export const MAX_WAITING = 10_000;

/** The object of an event, as the transaction that changes it knows it. */
export type EventSubject = Pick<ObjectEvent, "key"> & {
  readonly bucket: string;
  /** As stored, including `null`. */
  readonly versionId: string | undefined;
  readonly size?: number;
  readonly etag?: string;
  readonly fid?: string | null;
};

/**
 * Adds an event to the outbox of every webhook that wants it. `event`: which of the group happened, for an OutboxEvent
 * that names a group.
 */
export async function recordEvents(
  tx: Tx,
  now: number,
  { rules, source, ...announced }: OutboxEvent,
  { bucket: name, key, versionId, size, etag, fid }: EventSubject,
  event = announced.event,
): Promise<void> {
  const wanted = rules.filter(({ events }) => event === TEST_EVENT || events.some((each) => covers(each, event)));
  if (wanted.length === 0) return;
  const bucket = await tx
    .selectFrom("buckets as b")
    .leftJoin("configurations as c", (join) =>
      join.onRef("c.bucket", "=", "b.name").on("c.name", "=", sql.lit("versioning")),
    )
    .select(["b.owner", "b.region", "c.document as versioning"])
    .where("b.name", "=", name)
    .executeTakeFirst();
  if (!bucket) return;
  const documents = new Map<string, ObjectEvent[]>();
  for (const { id: rule, webhook } of wanted) {
    const document: ObjectEvent = {
      event: event as EventName,
      rule,
      source,
      bucket: name,
      region: bucket.region,
      bucketOwner: bucket.owner,
      key,
      ...(versionId === undefined || bucket.versioning === null ? {} : { versionId }),
      ...(size === undefined ? {} : { size }),
      ...(etag === undefined ? {} : { etag }),
      ...(fid ? { fid } : {}),
    };
    const known = documents.get(webhook);
    if (known) known.push(document);
    else documents.set(webhook, [document]);
  }
  for (const [webhook, events] of documents) await addToOutbox(tx, now, webhook, events);
}

/** Adds events for one webhook; those for which there is no room are dropped and counted. */
export async function addToOutbox(
  tx: Tx,
  now: number,
  webhook: string,
  events: readonly (ObjectEvent | LeaseEvent)[],
): Promise<void> {
  const taken = events.slice(0, await roomIn(tx, webhook));
  const rows = taken.map((event) => ({ webhook, created_at: now, document: JSON.stringify(event) }));
  for (const some of chunks(rows)) await tx.insertInto("events").values(some).execute();
  if (taken.length < events.length) await countDropped(tx, webhook, events.length - taken.length);
}

/** Events that may be added to the outbox of a webhook. */
async function roomIn(tx: Tx, webhook: string): Promise<number> {
  const waiting = tx.selectFrom("events").select("id").where("webhook", "=", webhook).limit(MAX_WAITING);
  const { count } = await tx
    .selectFrom(waiting.as("waiting"))
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  return MAX_WAITING - count;
}

async function countDropped(tx: Tx, webhook: string, count: number): Promise<void> {
  await tx
    .insertInto("dropped_events")
    .values({ webhook, count })
    .onConflict((conflict) =>
      conflict.column("webhook").doUpdateSet((eb) => ({ count: eb("dropped_events.count", "+", count) })),
    )
    .execute();
}

/** The source of events that happen in the background. */
const NETWORK = { principal: "cess", address: "", requestId: "" };

/**
 * The network has stored a file. Records an event for every version whose files are all stored now, if a webhook wants
 * it.
 */
export async function recordStored(
  tx: Tx,
  now: number,
  of: { readonly file: number } | { readonly version: number },
): Promise<void> {
  const versions = tx
    .selectFrom("versions as v")
    .innerJoin("configurations as c", (join) =>
      join.onRef("c.bucket", "=", "v.bucket").on("c.name", "=", sql.lit("notification")),
    )
    .select(["v.bucket", "v.key", "v.version_id", "v.size", "v.etag", "v.fid", "c.document"])
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom("extents as o")
            .innerJoin("files as f", "f.id", "o.file_id")
            .select("f.id")
            .whereRef("o.version_id", "=", "v.id")
            .where("f.state", "!=", "stored"),
        ),
      ),
    );
  const rows = await (
    "version" in of
      ? versions.where("v.id", "=", of.version)
      : versions.where("v.id", "in", (eb) =>
          eb.selectFrom("extents as e").select("e.version_id").where("e.file_id", "=", of.file),
        )
  ).execute();
  for (const { bucket, key: text, version_id: versionId, size, etag, fid, document } of rows) {
    const key = fromKeyText(text);
    const { rules } = readDocument(bucket, "notification", document);
    const announced = outboxEventFor(rules, "cess:ObjectStored", key, NETWORK);
    if (announced) await recordEvents(tx, now, announced, { bucket, key, versionId, size, etag, fid });
  }
}

export class EventTableCatalog implements EventCatalog {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
  ) {}

  async webhooks(): Promise<readonly string[]> {
    const rows = await this.store.reads.selectFrom("events").select("webhook").distinct().execute();
    return rows.map(({ webhook }) => webhook);
  }

  async test(bucket: string, rules: readonly NotificationRule[], source: EventSource): Promise<void> {
    const receivers = [...new Map(rules.map((rule) => [rule.webhook, rule])).values()];
    await this.store.write((tx) =>
      recordEvents(
        tx,
        this.clock.now(),
        { event: TEST_EVENT, source, rules: receivers },
        { bucket, key: "", versionId: undefined },
      ),
    );
  }

  async first(webhook: string, limit: number): Promise<readonly WaitingEvent[]> {
    const rows = await this.store.reads
      .selectFrom("events")
      .select(["id", "created_at", "document"])
      .where("webhook", "=", webhook)
      .orderBy("id")
      .limit(Math.min(limit, ROWS_PER_STATEMENT))
      .execute();
    return rows.map((row) => ({
      id: String(row.id),
      createdAt: row.created_at,
      ...eventColumn.parse(row.document),
    }));
  }

  async delivered(ids: readonly string[]): Promise<void> {
    await this.store.write(async (tx) => {
      for (const some of chunks(ids.map((id) => toRowId(id) ?? 0)))
        await tx.deleteFrom("events").where("id", "in", some).execute();
    });
  }

  async expire(maxAgeMs: number): Promise<number> {
    const before = this.clock.now() - maxAgeMs;
    const tooOld = (db: Tx) =>
      db
        .selectFrom("events")
        .select(["id", "webhook"])
        .where("created_at", "<", before)
        .limit(ROWS_PER_STATEMENT)
        .execute();
    // Usually there are none, and a write would cost a sync.
    if ((await tooOld(this.store.reads)).length === 0) return 0;
    return this.store.write(async (tx) => {
      const old = await tooOld(tx);
      if (old.length > 0)
        await tx
          .deleteFrom("events")
          .where(
            "id",
            "in",
            old.map(({ id }) => id),
          )
          .execute();
      for (const { webhook } of old) await countDropped(tx, webhook, 1);
      return old.length;
    });
  }

  async counts(): Promise<{ readonly waiting: number; readonly dropped: number }> {
    const waiting = await this.store.reads
      .selectFrom("events")
      .select(sql<number>`count(*)`.as("count"))
      .executeTakeFirstOrThrow();
    const dropped = await this.store.reads
      .selectFrom("dropped_events")
      .select(sql<number | null>`sum(count)`.as("count"))
      .executeTakeFirstOrThrow();
    return { waiting: waiting.count, dropped: dropped.count ?? 0 };
  }
}
