import type { Journal, JournalUnit, ReplayedPage } from "../catalog/catalog.js";
import type { CessFile } from "../model/file.js";
import type { NetworkFiles } from "../retrieval/network-files.js";
import type { Retrieval } from "../retrieval/retrieval.js";
import { JournalDamaged } from "./journal-damaged.js";
import type { JournalFile } from "./journal-files.js";
import { JournalReader, type JournalEnd, type JournalHead } from "./journal-text.js";
import { opened } from "./sealed-journal.js";
import { SnapshotSweep } from "./snapshot-sweep.js";

/** Units of a page. */
const BATCH = 500;

export interface JournalSourceComponents {
  readonly files: Pick<NetworkFiles, "find">;
  readonly retrieval: Retrieval;
  /** What opens journals: derived from the master keys for JOURNAL_KEYS. */
  readonly keys: readonly Uint8Array[];
  /** Migrations that this program knows. */
  readonly schemas: readonly string[];
}

/** A journal that was read to its end. */
export interface ReadJournal {
  readonly journal: Omit<Journal, "fid" | "segments">;
  readonly manifest: CessFile;
}

/** Reads journals back from the network. Rejects with JournalDamaged, and with DomainError where the network does not answer. */
export class JournalSource {
  constructor(private readonly components: JournalSourceComponents) {}

  async manifest({ fid, number }: Pick<JournalFile, "fid" | "number">): Promise<CessFile> {
    const file = await this.components.files.find(fid);
    if (!file) throw new JournalDamaged(`the chain does not list journal ${number}, ${fid}, any more`);
    return file;
  }

  /** What it says of the one before it: FID, or null. */
  async previous(file: JournalFile): Promise<string | null> {
    const { reader, head } = await this.open(file);
    await reader.close();
    return head.previous;
  }

  /** All that it has, for a catalog that may have something before a snapshot; then what there is to say of it. */
  async *pages(file: JournalFile): AsyncGenerator<ReplayedPage, ReadJournal> {
    const { reader, manifest } = await this.open(file);
    const sweep = file.snapshot ? new SnapshotSweep() : undefined;
    let batch: JournalUnit[] = [];
    const units = reader.units();
    let end: JournalEnd | undefined;
    try {
      while (!end) {
        const next = await naming(file, () => units.next());
        if (next.done === true) end = next.value;
        else batch.push(next.value);
        if (batch.length === 0 || (batch.length < BATCH && !end)) continue;
        yield sweep?.page(batch) ?? { units: batch };
        batch = [];
      }
    } finally {
      await reader.close();
    }
    const rest = sweep?.rest();
    if (rest) yield rest;
    if (end.whole !== file.whole) throw new JournalDamaged(`journal ${file.number} is not what its name says`);
    const { number, snapshot, whole } = file;
    const readAt = Date.parse(end.readAt);
    return { journal: { number, snapshot, whole, units: end.units, bytes: manifest.size, readAt }, manifest };
  }

  /** Reads its beginning, and checks that it is what its name says. */
  private async open(
    file: JournalFile,
  ): Promise<{ readonly reader: JournalReader; readonly head: JournalHead; readonly manifest: CessFile }> {
    const { retrieval, keys, schemas } = this.components;
    const manifest = await this.manifest(file);
    const bytes = await retrieval.open([{ file: manifest, range: { start: 0, end: manifest.size } }]);
    const reader = await naming(file, () => JournalReader.open(opened(keys, bytes)));
    const { head } = reader;
    if (head.stream !== file.stream || head.number !== file.number || head.snapshot !== file.snapshot)
      throw new JournalDamaged(
        `the file ${file.fid} has the name of journal ${file.number}, and is number ${head.number} of ${head.stream}`,
      );
    if (!schemas.includes(head.schema))
      throw new JournalDamaged(
        `journal ${file.number} has the schema ${head.schema}: a newer cess-s3 has written it. Read it with that`,
      );
    return { reader, head, manifest };
  }
}

/** Damage names the journal that has it. */
async function naming<T>({ number, fid }: JournalFile, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof JournalDamaged)) throw error;
    throw new JournalDamaged(`journal ${number}, ${fid}: ${error.message}`, { cause: error });
  }
}
