import { sql } from "kysely";
import type { Fid } from "../model/hash.js";
import type { PackFormat, StoredPack } from "./catalog.js";
import type { Tx } from "./store.js";

/** Packs whose objects are not about to move to another one. */
export function unmergedPacks(db: Tx) {
  return db
    .selectFrom("files as f")
    .select(["f.id", "f.fid", "f.owner", "f.territory", "f.packed", "f.segment_count", "f.size", "f.live_bytes"])
    .where("f.packed", "is not", sql.lit(null))
    .where((eb) =>
      eb.not(eb.exists(eb.selectFrom("pack_moves as m").select("m.offset").whereRef("m.source_id", "=", "f.id"))),
    )
    .orderBy("f.owner")
    .orderBy("f.territory")
    .orderBy("f.packed")
    .orderBy("f.live_bytes");
}

export function toStoredPack(row: {
  readonly id: number;
  readonly fid: string;
  readonly owner: string;
  readonly territory: string;
  readonly packed: PackFormat | null;
  readonly segment_count: number;
  readonly size: number;
  readonly live_bytes: number;
}): StoredPack {
  return {
    file: String(row.id),
    fid: row.fid as Fid,
    owner: row.owner,
    territory: row.territory,
    packed: row.packed as PackFormat,
    segments: row.segment_count,
    size: row.size,
    liveBytes: row.live_bytes,
  };
}
