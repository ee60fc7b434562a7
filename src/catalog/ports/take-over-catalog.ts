import type { FileState } from "./file-catalog.js";
import type { NewFile } from "./new-version.js";
import type { Released } from "./released.js";

/** A file of the network that an account is to own, for an object of this name. */
export interface NewTakeOver {
  /** Account.id of the bucket's owner. */
  readonly owner: string;
  readonly file: Omit<NewFile, "blobs">;
  readonly bucket: string;
  readonly key: string;
}

export interface TakeOver {
  readonly id: string;
  /** The id of the file's row. */
  readonly file: string;
}

export interface TakeOverProgress {
  readonly state: FileState;
  /** Why the network will never take it. */
  readonly failure?: string;
  /** Failed attempts of its job, and why the last one failed. */
  readonly attempts: number;
  readonly waiting?: string;
}

/** Files that become an account's by a declaration alone: their bytes are on the network already. */
export interface TakeOverCatalog {
  /**
   * The owner's row of the file, made or revived as for a version, with its `store` job unless it is stored. The file
   * counts as needed until `end`. Rejects with DomainError `fileHeldOtherwise` when the owner has the file in another
   * format, or as a pack.
   */
  begin(request: NewTakeOver): Promise<TakeOver>;
  /** The object that the file (its row's id) is taken over for; undefined if it is not. */
  objectOf(file: string): Promise<{ readonly bucket: string; readonly key: string } | undefined>;
  /** Undefined: it has ended. */
  progress(id: string): Promise<TakeOverProgress | undefined>;
  /** The file is an object's by now, or not wanted: if nothing needs it, it gets its `delete` job. */
  end(id: string): Promise<Released>;
  /** Ends those that began before `time` and that nobody has ended. */
  endOlder(time: number): Promise<Released & { readonly ended: number }>;
}
