import type { Generated } from "kysely";
import type { Flag } from "./column-types.js";

/* What the journal is made of: docs/journal.md. Times are as in `Schema`. */

/** What has changed and is in no journal that counts: triggers insert the rows. */
export interface JournalChangeTable {
  kind: number;
  /** Its number, or 0 and its name, or an empty text. */
  number: Generated<number>;
  name: Generated<string>;
  /** The journal that has it, until that counts; 0: none has it as it is now. */
  journal: Generated<number>;
}

/** Journals and snapshots that a rebuild needs, and those on their way to the network. */
export interface JournalTable {
  number: number;
  snapshot: Flag;
  /** It ends with a state of the catalog that was once the whole of it; else the next one goes on. */
  whole: Flag;
  file_id: number;
  fid: string;
  segments: number;
  /** What it has the state of. */
  units: number;
  bytes: number;
  /** When the last of it was read from the catalog. */
  read_at: number;
  /** `counted`: the network has it, and what it has is not among the changes any more. */
  state: "ordered" | "stored" | "counted";
}

/** As `rebuilt_to`. */
export const CLAIM_DUE = -1;

/** One row, with id 1. */
export interface JournalStateTable {
  id: number;
  /** Eight hex digits: tells the journals of this catalog from those of others. */
  stream: string;
  /** Of the last journal that was begun. */
  number: number;
  /** No journal counts before there is a snapshot. */
  snapshot_due: Flag;
  /** Since when there are changes that no journal on the network has; null: there are none. */
  changed_at: number | null;
  /**
   * The catalog is being rebuilt, and has the journals up to this number; CLAIM_DUE: it was, and no journal was begun since;
   * null: neither.
   */
  rebuilt_to: number | null;
}
