import { createHash } from "node:crypto";
import type { LostVersion } from "../../src/catalog/catalog.js";
import type { RebuildReport } from "../../src/journal/rebuild.js";
import { Register, type Value } from "./register.js";
import { Violation } from "./service.js";

/** A version as the catalog has it. */
export interface VersionRow {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  readonly marker: number;
  readonly size: number;
  readonly metadata: string;
  readonly tags: string | null;
  readonly lock: string | null;
  readonly damage: string | null;
}

/** All versions, for `Incarnation.rows`. */
export const VERSIONS = `select bucket, key, version_id as versionId, delete_marker as marker, size, metadata, tags,
  lock, damage from versions`;

/** What the bytes of a version that is stored are in: `write` is its metadata, `files` the FIDs, one or several. */
export interface StoredRow {
  readonly metadata: string;
  readonly files: string;
}

/** Versions all of whose files are stored, with these. */
export const STORED = `select v.metadata, group_concat(f.fid) as files from versions v
  join extents e on e.version_id = v.id join files f on f.id = e.file_id where v.damage is null
  group by v.id having sum(f.state <> 'stored') = 0`;

/** The moment at which a journal was read to its end. */
export interface Moment {
  /** Turns between which that was. */
  readonly from: number;
  readonly to: number;
  /** Virtual time, ms. */
  readonly at: number;
  /** By their writes: versions that the network had before it, and the files that they were in. */
  readonly safe: ReadonlyMap<string, string>;
}

/** A catalog that was made again. */
export interface Rebuilt {
  readonly rows: readonly VersionRow[];
  /** Buckets' tags, by bucket. */
  readonly documents: ReadonlyMap<string, string>;
  readonly report: RebuildReport;
  /** By their writes: versions that the lost gateway had stored, and their files. */
  readonly left: ReadonlyMap<string, string>;
  /** When the disk was lost, virtual time, ms. */
  readonly at: number;
}

/** An object that somebody has put. */
export interface Known {
  readonly bucket: string;
  readonly key: string;
  readonly bytes: Buffer;
  /** Turns. */
  readonly began: number;
  /** When it was acknowledged. */
  ended: number;
  versionId: string | undefined;
  /** The deletion of this version. */
  goneBegan: number;
  goneEnded: number;
  /** HEAD said that it is recoverable, when it was in these files. */
  promised: string | undefined;
}

/** What clients did with one gateway and those before it that it goes on from. */
interface Lineage {
  readonly objects: Map<string, Known>;
  readonly registers: Map<string, Register>;
  readonly markers: Map<string, { readonly began: number; readonly ended: number }>;
}

type Judged = Moment & { readonly of: Lineage };

/** The name of a write in an object's metadata. */
export const writeOf = ({ metadata }: { readonly metadata: string }): string =>
  (JSON.parse(metadata) as { readonly write?: string }).write ?? "";

/**
 * What clients have done, and when; and so what a catalog may be that is made from a journal: all that was acknowledged
 * before the journal was read to its end, nothing that began after it.
 */
export class Ledger {
  private now: Lineage = { objects: new Map(), registers: new Map(), markers: new Map() };
  private readonly moments = new Map<number, Judged>();
  private highest: number | undefined;
  private writes = 0;

  /** `turn`: now, of the scheduler. `holdMs`: how long the deletion of a file waits for a journal. */
  constructor(
    private readonly turn: () => number,
    private readonly holdMs: number,
  ) {}

  get objects(): ReadonlyMap<string, Known> {
    return this.now.objects;
  }

  // ---- what happens ----

  /** A new object is about to be put. Resolves with the name of the write. */
  begin(bucket: string, key: string, bytes: Buffer): string {
    const write = String(++this.writes);
    const never = { ended: Infinity, goneBegan: Infinity, goneEnded: Infinity };
    this.now.objects.set(write, {
      ...{ bucket, key, bytes, began: this.turn(), versionId: undefined, promised: undefined },
      ...never,
    });
    return write;
  }

  /** One of the things that have one value each: the object at a key, a version's tags and its lock, a bucket's document. */
  register(name: string): Register {
    return registerOf(this.now, name);
  }

  read(journal: number, moment: Moment): void {
    this.moments.set(journal, { ...moment, of: this.now });
  }

  /** The gateway knows that the network has this journal. */
  stored(journal: number): void {
    if (this.moments.get(journal)?.of === this.now) this.highest = Math.max(this.highest ?? 0, journal);
  }

  /** Whether there is a journal from which a rebuild can be made. */
  get isRecoverable(): boolean {
    return this.highest !== undefined;
  }

  // ---- what must be ----

  /** The catalog was rebuilt. Throws a Violation; else what is there from now on is what was found. */
  judge({ rows, documents, report, left, at }: Rebuilt): void {
    const number = report.journals.at(-1) ?? 0;
    const moment = this.moments.get(number);
    if (!moment) throw new Violation(`rebuilt from journal ${number}, which was never read to its end`);
    if (number < (this.highest ?? 0))
      throw new Violation(`rebuilt from journal ${number}, and the network had ${this.highest ?? 0}`);
    const found = new Map(rows.filter(({ marker }) => marker === 0).map((row) => [writeOf(row), row]));
    const lost = new Set(report.lost.map(nameOf));
    for (const [write, row] of found) {
      judgeRow(moment.of, write, row);
      this.judgeBytes(write, row, { moment, left, at, isLost: lost.delete(nameOf(row)) });
    }
    const [unknown] = lost;
    if (unknown !== undefined) throw new Violation(`${unknown} is reported as lost, and is not there`);
    judgeExistence(found, moment);
    judgeMarkers(rows, moment);
    const values = valuesOf(found, documents);
    for (const [name, register] of moment.of.registers) {
      const [kind, of = ""] = name.split(" ");
      // Tags and holds go with their version.
      if ((kind === "tags" || kind === "hold") && !found.has(of)) continue;
      judgeValue(name, register, values.get(name), moment);
    }
    this.now = this.begun(moment.of, found, rows, values);
  }

  /** What the network had when the journal was read is not lost, unless its deletion has waited for too long. */
  private judgeBytes(
    write: string,
    row: VersionRow,
    { moment, left, at, isLost }: Pick<Rebuilt, "left" | "at"> & { readonly moment: Moment; readonly isLost: boolean },
  ): void {
    const name = `${nameOf(row)}, write ${write},`;
    if ((row.damage !== null) !== isLost)
      throw new Violation(`${name} is ${isLost ? "" : "not "}reported as lost, and is ${row.damage ?? "whole"}`);
    const isThere = (files: string | undefined) => files !== undefined && left.get(write) === files;
    const safe = moment.safe.get(write);
    const mustBe = safe !== undefined && (at - moment.at < this.holdMs || isThere(safe));
    if (isLost && mustBe) throw new Violation(`${name} was stored when the journal was read, and is lost`);
    if (isLost && isThere(this.now.objects.get(write)?.promised))
      throw new Violation(`${name} was said to be recoverable, and is lost`);
  }

  /** A delete marker is acknowledged. */
  marked(versionId: string, began: number): void {
    this.now.markers.set(versionId, { began, ended: this.turn() });
  }

  /** From here on what was found is what there is. */
  private begun(
    { objects, markers }: Lineage,
    found: ReadonlyMap<string, VersionRow>,
    rows: readonly VersionRow[],
    values: ReadonlyMap<string, string>,
  ): Lineage {
    const now: Lineage = { objects: new Map(), registers: new Map(), markers: new Map() };
    const never = { goneBegan: Infinity, goneEnded: Infinity, promised: undefined };
    for (const [write, { versionId }] of found) {
      const known = objects.get(write)!;
      now.objects.set(write, { ...known, ...never, ended: known.began, versionId });
    }
    const turn = this.turn();
    for (const [name, value] of values) {
      const register = registerOf(now, name);
      register.done(register.begin(value, 0), turn);
    }
    for (const { marker, versionId } of rows)
      if (marker === 1) now.markers.set(versionId, markers.get(versionId) ?? { began: 0, ended: turn });
    return now;
  }
}

function judgeRow({ objects }: Lineage, write: string, row: VersionRow): void {
  const known = objects.get(write);
  if (!known) throw new Violation(`${row.bucket}/${row.key} is what nobody has put`);
  if (known.bucket !== row.bucket || known.key !== row.key || known.bytes.length !== row.size)
    throw new Violation(`write ${write} of ${known.bucket}/${known.key} has become ${row.bucket}/${row.key}`);
  if (known.versionId !== undefined && known.versionId !== row.versionId)
    throw new Violation(`${row.bucket}/${row.key} has the version id ${row.versionId} instead of ${known.versionId}`);
}

function judgeExistence(found: ReadonlyMap<string, VersionRow>, { from, to, of }: Judged): void {
  for (const [write, known] of of.objects) {
    const name = `write ${write} of ${known.bucket}/${known.key}`;
    const isThere = found.has(write);
    if (isThere && known.began > to) throw new Violation(`${name} is there, and was put after the journal was read`);
    if (!isThere && known.promised !== undefined && known.goneBegan === Infinity)
      throw new Violation(`${name} was said to be recoverable, and is missing`);
    // Where a bucket keeps no versions, the register of the key tells the rest.
    if (known.versionId === "null") continue;
    if (isThere && known.goneEnded < from) throw new Violation(`${name} was deleted, and has come back`);
    if (!isThere && known.ended < from && known.goneBegan > to) throw new Violation(`${name} is missing`);
  }
}

function judgeMarkers(rows: readonly VersionRow[], { from, to, of }: Judged): void {
  const found = new Set(rows.filter(({ marker }) => marker === 1).map(({ versionId }) => versionId));
  for (const [versionId, { began, ended }] of of.markers) {
    if (!found.has(versionId) && ended < from) throw new Violation(`the delete marker ${versionId} is missing`);
    if (found.has(versionId) && began > to)
      throw new Violation(`the delete marker ${versionId} is there, and was put after the journal was read`);
  }
}

function judgeValue(name: string, register: Register, value: Value, { from, to }: Moment): void {
  const admissible = register.admissible(from, to);
  if (admissible.has(value)) return;
  const list = [...admissible].map((other) => other ?? "nothing").join(", ");
  throw new Violation(`${name} is ${value ?? "nothing"}; when the journal was read it was ${list}`);
}

function registerOf({ registers }: Lineage, name: string): Register {
  const register = registers.get(name) ?? new Register();
  registers.set(name, register);
  return register;
}

/** What each register must have, of this catalog; those that are not named have nothing. */
function valuesOf(
  found: ReadonlyMap<string, VersionRow>,
  documents: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const [write, { bucket, key, versionId, tags, lock }] of found) {
    if (versionId === "null") values.set(`key ${bucket}/${key}`, write);
    const [tag] = tags === null ? [] : (JSON.parse(tags) as { readonly value: string }[]);
    if (tag) values.set(`tags ${write}`, tag.value);
    const held = lock !== null && (JSON.parse(lock) as { readonly legalHold?: string }).legalHold;
    if (held === "ON" || held === "OFF") values.set(`hold ${write}`, held);
  }
  for (const [bucket, document] of documents) {
    const [tag] = JSON.parse(document) as { readonly value: string }[];
    if (tag) values.set(`document ${bucket}`, tag.value);
  }
  return values;
}

const nameOf = ({ bucket, key, versionId }: Pick<LostVersion, "bucket" | "key" | "versionId">): string =>
  `${bucket}/${key} ${versionId}`;

/** Bytes that no other write has. */
export function contentOf(write: string, size: number): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < size; at += 32) pieces.push(createHash("sha256").update(`${write} ${at}`).digest());
  return Buffer.concat(pieces).subarray(0, size);
}
