import type { Fid } from "../../model/hash.js";
import type { JournalUnit, UnitName } from "../../model/journal-unit.js";
import type { NewFile } from "./new-version.js";
import type { FileState } from "./file-catalog.js";

export type { JournalUnit, UnitName, UnitRow } from "../../model/journal-unit.js";

/** Where a read of changes, or of all rows, goes on. */
export interface JournalCursor {
  readonly unit: UnitName;
  readonly key: number | string;
}

export interface JournalPage {
  readonly units: readonly JournalUnit[];
  /** Absent: nothing is left. */
  readonly next?: JournalCursor;
}

export interface JournalState {
  /** Eight hex digits: tells the journals of this catalog from those of others. */
  readonly stream: string;
  /** Of the last journal that was begun. */
  readonly number: number;
  /** No journal counts before there is a snapshot. */
  readonly snapshotDue: boolean;
  /** Since when there are changes that no journal on the network has, ms since 1970; absent: there are none. */
  readonly changedAt?: number;
  /** The catalog was rebuilt: a journal is due at once, by which the gateway that it comes from finds that this one goes on. */
  readonly claimDue?: true;
  /** The catalog is being rebuilt, and has the journals up to this number. */
  readonly rebuiltTo?: number;
}

/** A journal, or a snapshot. */
export interface Journal {
  readonly number: number;
  readonly snapshot: boolean;
  /** It ends with a state of the catalog that was once the whole of it. Else the next one goes on. */
  readonly whole: boolean;
  readonly fid: string;
  readonly segments: number;
  readonly units: number;
  readonly bytes: number;
  /** When the last of it was read from the catalog, ms since 1970. */
  readonly readAt: number;
}

export interface KnownJournal extends Journal {
  /** `counted`: it is on the network, and what it has is not among the changes any more. */
  readonly state: "ordered" | "stored" | "counted";
  /** Of its file; absent: the file is gone. */
  readonly file?: { readonly id: string; readonly state: FileState; readonly failure?: string };
}

/**
 * The journal: docs/journal.md. Rows that change are noted by the database's own triggers. Only one process may write a
 * journal at a time; reading what has changed takes the catalog for itself, page by page.
 */
export interface JournalCatalog {
  state(): Promise<JournalState>;
  /** Journals that a rebuild needs, and those on their way, oldest first. */
  journals(): Promise<readonly KnownJournal[]>;
  /** Notes since when there are changes. Resolves with the state. */
  look(): Promise<JournalState>;
  /** Begins a journal; what an earlier one that was not ordered had taken is free again. Resolves with its number. */
  begin(): Promise<number>;
  /**
   * For a snapshot, before it reads what there is: takes changes without their units, since it will have these as they are then.
   * So many at a time; resolves whether there are more.
   */
  cover(journal: number, limit: number): Promise<boolean>;
  /**
   * A page of all there is, in the order of units and keys. Several pages are several moments: who has read them all takes
   * the changes that were made meanwhile.
   */
  all(after: JournalCursor | undefined, limit: number): Promise<JournalPage>;
  /**
   * Takes changes for this journal, with the state of their units as of now. A page that begins without a cursor and has
   * no next one leaves none: the journal then ends with the state of the whole catalog.
   */
  take(journal: number, after: JournalCursor | undefined, limit: number): Promise<JournalPage>;
  /** The journal's file is to be stored for this owner: `blobs` holds its bytes. */
  order(journal: Journal, file: NewFile, owner: string): Promise<void>;
  /** The network has the journal: older ones that a snapshot replaces are released. */
  stored(number: number): Promise<void>;
  /** Forgets changes that a stored and whole journal has, so many at a time. Resolves whether there are more. */
  forget(number: number, limit: number): Promise<boolean>;
  /** The journal is not to be had: what it took is to be written again. */
  drop(number: number): Promise<void>;
  /** For who keeps no journal: forgets changes, and that there was a snapshot. Resolves whether there are more. */
  discard(limit: number): Promise<boolean>;
  /** Whether the version is in the journals as it is now. Cheap. */
  covers(version: string): Promise<boolean>;
  /**
   * Whether a rebuild would need the file, although the catalog does not any more: no journal on the network tells that.
   * Not of one whose deletion has waited since before this time.
   */
  holds(file: string, since: number): Promise<boolean>;
  /** Those of the files that no row of the catalog is about. */
  unknown(fids: readonly Fid[]): Promise<Fid[]>;
  /** Units that have changed and are in no journal on the network. Counts them one by one. */
  pending(): Promise<number>;
}
