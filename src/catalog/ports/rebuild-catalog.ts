import type { JournalUnit } from "../../model/journal-unit.js";
import type { CessFile } from "../../model/file.js";
import type { Fid } from "../../model/hash.js";
import type { Placement } from "./file-catalog.js";
import type { Journal, JournalCursor } from "./journal-catalog.js";

/** A version whose bytes are not to be had. */
export interface LostVersion {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  readonly size: number;
}

/** A file as the replayed journals have it. */
export interface RebuiltFile {
  readonly id: string;
  readonly fid: Fid;
  /** Account.id */
  readonly owner: string;
}

/** A journal of the catalog with its file. */
export interface RebuiltJournal extends Omit<Journal, "fid" | "segments"> {
  readonly file: CessFile;
  /** Account.id */
  readonly owner: string;
  readonly territory: string;
  /** False: it is not needed any more, and is to be deleted. */
  readonly needed: boolean;
}

/** Units that come one after the other in a journal. */
export interface ReplayedPage {
  readonly units: readonly JournalUnit[];
  /** What is between these, in the order of units and keys, and is not among the units, goes: a snapshot does not have it. */
  readonly gone?: { readonly after: JournalCursor | undefined; readonly to: JournalCursor | undefined };
}

/** Makes a catalog from its journals: docs/journal.md. Nothing else may use it meanwhile. All of it may be repeated. */
export interface RebuildCatalog {
  /**
   * Begins, or goes on with what was broken off: resolves with the number of the last journal that it has, 0 for none. Rejects with CatalogUnusable
   * where the catalog has something else.
   */
  begin(stream: string): Promise<number>;
  /** Gives these units the state that a journal has of them, in one transaction. */
  apply(page: ReplayedPage): Promise<void>;
  /**
   * For a catalog in a file of its own, which nobody else writes to: gives it the state of these journals, the last of which
   * is whole, in one transaction, however long it takes to read them. Whoever reads sees what was there before, until it has
   * ended. Rejects with what `pages` throws, and has changed nothing then.
   */
  follow(stream: string, journals: readonly Journal[], pages: AsyncIterable<ReplayedPage>): Promise<void>;
  /** The catalog has all of this journal. */
  applied(number: number): Promise<void>;
  /** Files in order of their ids, after this one. */
  files(after: string | undefined, limit: number): Promise<readonly RebuiltFile[]>;
  /** The network has the file: with which nodes. */
  found(file: string, placements: readonly Placement[]): Promise<void>;
  /** The network does not have the file; its objects may be in another one, to which they were to move. */
  missing(file: string): Promise<void>;
  /**
   * Marks versions whose bytes are nowhere, so many at a time, and drops files that are missing. Resolves with those
   * versions; none: there are no more.
   */
  lose(why: string, limit: number): Promise<readonly LostVersion[]>;
  /**
   * Counts anew what is counted, and lets files go that nothing needs. From now on it is a catalog like others. `journals`:
   * those that are not needed first, then in the order in which they were replayed.
   */
  end(journals: readonly RebuiltJournal[], last: number): Promise<void>;
}
