import type { SegmentHashes } from "../model/file.js";
import type { PreparationCatalog } from "./catalog.js";
import { packSegments, unpackSegments } from "./segment-columns.js";
import { ROWS_PER_STATEMENT, toRowId, type Store, type Tx } from "./store.js";

export class PreparationTableCatalog implements PreparationCatalog {
  constructor(private readonly store: Store) {}

  async save(subject: string, index: number, source: string, hashes: SegmentHashes): Promise<void> {
    const packed = packSegments([hashes]);
    await this.store.write((tx) =>
      tx
        .insertInto("preparations")
        .values({ subject, segment_index: index, source, hashes: packed })
        .onConflict((conflict) =>
          conflict.columns(["subject", "segment_index"]).doUpdateSet({ source, hashes: packed }),
        )
        .execute(),
    );
  }

  async all(
    subject: string,
  ): Promise<readonly { readonly index: number; readonly source: string; readonly hashes: SegmentHashes }[]> {
    const rows = await this.store.reads
      .selectFrom("preparations")
      .selectAll()
      .where("subject", "=", subject)
      .orderBy("segment_index")
      .execute();
    return rows.map((row) => ({ index: row.segment_index, source: row.source, hashes: onlySegment(row.hashes) }));
  }

  async clear(subject: string): Promise<void> {
    await this.store.write((tx) => tx.deleteFrom("preparations").where("subject", "=", subject).execute());
  }

  /**
   * Some rows outlive their subject, because they may be saved just after an upload is completed or a version is
   * deleted. Goes through the subjects in order, 500 in a transaction.
   */
  async prune(): Promise<number> {
    let pruned = 0;
    for (let after: string | undefined = ""; after !== undefined;) {
      const from: string = after;
      const step = await this.store.write((tx) => pruneFrom(tx, from));
      pruned += step.pruned;
      after = step.last;
    }
    return pruned;
  }
}

async function pruneFrom(
  tx: Tx,
  after: string,
): Promise<{ readonly pruned: number; readonly last: string | undefined }> {
  const rows = await tx
    .selectFrom("preparations")
    .select("subject")
    .distinct()
    .where("subject", ">", after)
    .orderBy("subject")
    .limit(ROWS_PER_STATEMENT)
    .execute();
  const subjects = rows.map((row) => row.subject);
  if (subjects.length === 0) return { pruned: 0, last: undefined };
  const uploads = await tx
    .selectFrom("uploads")
    .select("id")
    .where("id", "in", subjects)
    .where("state", "=", "open")
    .execute();
  const versions = await tx
    .selectFrom("versions")
    .select("id")
    .where(
      "id",
      "in",
      subjects.map((subject) => toRowId(subject) ?? 0),
    )
    .where("staged_segments", ">", 0)
    .execute();
  const wanted = new Set([...uploads.map((row) => row.id), ...versions.map((row) => String(row.id))]);
  const gone = subjects.filter((subject) => !wanted.has(subject));
  if (gone.length > 0) await tx.deleteFrom("preparations").where("subject", "in", gone).execute();
  return { pruned: gone.length, last: subjects.length < ROWS_PER_STATEMENT ? undefined : subjects.at(-1) };
}

function onlySegment(packed: ArrayBuffer | Uint8Array): SegmentHashes {
  const [segment] = unpackSegments(packed);
  if (!segment) throw new Error("a preparation has no hashes");
  return segment;
}
