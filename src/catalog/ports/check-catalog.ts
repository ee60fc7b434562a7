import type { Fid } from "../../model/hash.js";
import type { Layout } from "../../model/layout.js";
import type { BlobSlice } from "../../model/object.js";

/** A stored file to look at. Times are milliseconds since 1970. */
export interface FileToCheck {
  /** The file row's id. */
  readonly file: string;
  readonly fid: Fid;
  readonly layout: Layout;
  readonly checkedAt: number;
  /** Since when fewer fragments are left than it takes to leave the file alone. */
  readonly degradedSince?: number;
}

/** A node that fails: it does not answer, or not with the fragments of a file. */
export interface Failing {
  readonly node: string;
  /** When it first failed, of the failures in a row. */
  readonly since: number;
  /** Failures in a row. */
  readonly samples: number;
  readonly lastAt: number;
}

export interface FileChecked {
  /** Fragments of the worst segment that are believed to be there, 0…12. */
  readonly redundancy: number;
  /** Whether so few are left that the file is to be repaired unless the network does it. */
  readonly degraded: boolean;
  /** Nodes that did not give the file's fragment this time, and those that did. */
  readonly failed: readonly string[];
  readonly answered: readonly string[];
}

/** What a file's repair needs of its rows: those of all owners here. */
export interface RestoredFile {
  /** The file row's id. */
  readonly file: string;
  /** The segments as the network has them, one after another; the zeros at the end may be missing. */
  readonly slices: readonly BlobSlice[];
}

export interface CheckSummary {
  /** Stored files by the fragments left of their worst segment. Files that were not looked at yet are left out. */
  readonly byRedundancy: Readonly<Record<number, number>>;
  /** When the file was looked at that waits longest. */
  readonly oldest: number | undefined;
  /** Files whose bytes were restored here and that are on their way to the network again. */
  readonly restored: number;
  readonly failingNodes: number;
}

/** What is known of the fragments of stored files. */
export interface CheckCatalog {
  /** Files to look at again soon, then those not looked at since `degradedBefore` (if fragments are missing) or `before`. */
  due(before: number, degradedBefore: number, limit: number): Promise<readonly FileToCheck[]>;
  /**
   * Files that have had too few fragments since `since` or longer, those with the fewest first; packs that are to
   * be merged are left out.
   */
  degraded(since: number, limit: number): Promise<readonly FileToCheck[]>;
  /** Of a file: nodes that did not give its fragments the last time. */
  failing(file: string): Promise<readonly Failing[]>;
  checked(file: string, result: FileChecked): Promise<void>;
  /** Nodes that were given fragments of stored files. */
  holders(): Promise<readonly string[]>;
  failingNodes(): Promise<readonly Failing[]>;
  /** All nodes that do not answer. Files on a node that has begun or ceased to do so are looked at soon. */
  nodesChecked(failed: readonly string[]): Promise<void>;
  /** Fragments left of the worst of these files (row ids) when they were looked at; undefined if none was. */
  redundancy(files: readonly string[]): Promise<number | undefined>;
  /**
   * stored → deleting, with these staged bytes, for all of the rows or none: the files are deleted on the chain and
   * ordered anew. False, and nothing is changed, if one of them is not stored any more or not needed.
   */
  beginRepair(files: readonly RestoredFile[]): Promise<boolean>;
  /** The staged bytes of a file under repair, in the form of its segments; empty if there are none. */
  restoredBytes(fid: Fid): Promise<readonly BlobSlice[]>;
  /** The pack's live runs are to move into another pack, however full it is. */
  renewPack(file: string): Promise<void>;
  /** Some objects in the file, to name them to the operator. */
  objects(file: string, limit: number): Promise<readonly { readonly bucket: string; readonly key: string }[]>;
  summary(): Promise<CheckSummary>;
}
