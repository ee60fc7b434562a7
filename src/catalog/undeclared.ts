import { sql } from "kysely";
import { SEGMENT_SIZE } from "../model/sizes.js";
import type { NewVersion } from "./catalog.js";
import { lock, type Tx } from "./store.js";

/** Bytes of an owner that are on their way to the network and not declared there. See ObjectCatalog. */
export async function undeclaredBytes(db: Tx, owner: string): Promise<number> {
  const staged = await db
    .selectFrom("versions")
    .select(sql<number | null>`sum(staged_segments)`.as("segments"))
    .where("owner", "=", owner)
    .where("staged_segments", ">", sql.lit(0))
    .executeTakeFirstOrThrow();
  const encoded = await db
    .selectFrom("files")
    .select(sql<number | null>`sum(segment_count)`.as("segments"))
    .where("state", "=", "encoded")
    .where("owner", "=", owner)
    .executeTakeFirstOrThrow();
  const queued = await db
    .selectFrom("pack_queue")
    .select([sql<number>`count(*)`.as("objects"), sql<number | null>`sum(size)`.as("bytes")])
    .where("owner", "=", owner)
    .executeTakeFirstOrThrow();
  const segments = (staged.segments ?? 0) + (encoded.segments ?? 0) - queued.objects;
  // A version that ends its wait between these reads may be counted twice, or its segment less: never below nothing.
  return Math.max(segments, 0) * SEGMENT_SIZE + (queued.bytes ?? 0);
}

/** To be called when the version's rows are inserted. Throws what `requireRoom` throws. */
export async function requireRoom(tx: Tx, { owner, requireRoom: check }: NewVersion): Promise<void> {
  if (!check) return;
  // Those that are short of room come one after another, until their commits.
  await lock(tx, [`room of ${owner}`]);
  check(await undeclaredBytes(tx, owner));
}
