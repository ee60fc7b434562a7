import type { SegmentFormat } from "../model/file.js";
import type { PackFormat } from "./catalog.js";
import type { FormatColumn } from "./segment-columns.js";
import { chunks, single, statement, type Tx } from "./store.js";

const insertQueued = statement<{
  readonly version: number;
  readonly owner: string;
  readonly packed: PackFormat;
  readonly size: number;
  readonly now: number;
  readonly format: string | null;
}>()((db, bound) =>
  db.insertInto("pack_queue").values({
    version_id: bound("version"),
    owner: bound("owner"),
    packed: bound("packed"),
    size: bound("size"),
    queued_at: bound("now"),
    format: bound("format"),
  }),
);

/** The version waits for a pack. Throws Error for a format whose objects cannot share a file. */
export async function enqueue(
  tx: Tx,
  now: number,
  { id, owner, size }: { readonly id: number; readonly owner: string; readonly size: number },
  formats: FormatColumn,
  format: SegmentFormat | undefined,
): Promise<void> {
  const packed = packFormat(format);
  await insertQueued(tx, { version: id, owner, packed, size, now, format: formats.pack(format) });
}

/** Throws Error for a format whose objects cannot share a file. */
export function packFormat(format: SegmentFormat | undefined): PackFormat {
  const packed = format?.name ?? "plain";
  if (packed === "cess-cbc") throw new Error("objects in the format cess-cbc are not packed");
  return packed;
}

const deleteQueued = single<{ readonly version: number }>()((db, bound) =>
  db.deleteFrom("pack_queue").where("version_id", "=", bound("version")).returning("version_id"),
);

/** Ends the waiting of a version. Resolves whether it waited. */
export async function dequeueOne(tx: Tx, version: number): Promise<boolean> {
  return (await deleteQueued(tx, { version })) !== undefined;
}

/** Ends the waiting of these versions. Returns those that waited. */
export async function dequeue(tx: Tx, versions: readonly number[]): Promise<number[]> {
  const ended: number[] = [];
  for (const some of chunks(versions)) {
    const rows = await tx.deleteFrom("pack_queue").where("version_id", "in", some).returning("version_id").execute();
    ended.push(...rows.map((row) => row.version_id));
  }
  return ended;
}
