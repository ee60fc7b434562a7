import type { SegmentFormat } from "../../model/file.js";
import type { Fid, Hash } from "../../model/hash.js";
import type { BlobSlice } from "../../model/object.js";
import type { NewFile } from "./new-version.js";
import type { Released } from "./released.js";

/** The format of the objects in a pack. The pack itself is a plain file: what is encrypted is sealed object by object. */
export type PackFormat = "plain" | "aes-256-gcm";

/** The objects of one owner and format that wait for a pack. */
export interface PackQueue {
  /** Account.id */
  readonly owner: string;
  readonly format: PackFormat;
  readonly objects: number;
  /** Before encryption. */
  readonly bytes: number;
  /** When the first of them was written. Milliseconds since 1970. */
  readonly oldest: number;
}

/** An object that waits for a pack. */
export interface QueuedObject {
  /** ObjectVersion.id */
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly queuedAt: number;
  readonly size: number;
  readonly blobs: readonly BlobSlice[];
  /** With its data key where it is to be encrypted. */
  readonly format: SegmentFormat;
}

/** A run of a pack's content: the bytes stored for one object, or for several that are copies of one. */
export interface PackRun {
  readonly offset: number;
  /** Stored bytes: more than the object's where it is encrypted. */
  readonly length: number;
  /** SHA-256 of the stored bytes. */
  readonly digest: Hash;
}

/** What a new pack holds of an object that waited … */
export interface PackedObject extends PackRun {
  readonly version: string;
  /** Of the object, in bytes. */
  readonly size: number;
}

/** … and of an older pack, whose objects move when the new pack is stored. */
export interface PackMove {
  readonly offset: number;
  readonly length: number;
  readonly source: { readonly file: string; readonly offset: number };
}

export interface PackContent {
  readonly objects: readonly PackedObject[];
  readonly moves: readonly PackMove[];
}

export interface NewPack extends NewFile {
  readonly owner: string;
  readonly packed: PackFormat;
}

export interface StoredPack {
  /** The file row's id. */
  readonly file: string;
  readonly fid: Fid;
  readonly owner: string;
  readonly territory: string;
  readonly packed: PackFormat;
  readonly segments: number;
  /** Bytes of its content. */
  readonly size: number;
  /** Bytes of the runs that an object needs. */
  readonly liveBytes: number;
}

/** What an account's objects are, and what they are charged. Bytes that copies share count once. */
export interface AccountUsage {
  readonly owner: string;
  /** Of objects' content: in files, and waiting for a pack. */
  readonly objectBytes: number;
  /** To the territory, for files whose deal was declared. */
  readonly chargedBytes: number;
  /** In packs, of objects that are no more. */
  readonly deadBytes: number;
}

/** Packs: files that small objects share. */
export interface PackCatalog {
  queues(): Promise<readonly PackQueue[]>;
  /** Objects of a queue in the order in which they began to wait: the first `limit`, or those after `after`. */
  queued(
    queue: Pick<PackQueue, "owner" | "format">,
    limit: number,
    after?: Pick<QueuedObject, "version" | "queuedAt">,
  ): Promise<readonly QueuedObject[]>;
  /** The object goes to the end of its queue, because it cannot be read at the moment. False if it does not wait. */
  postpone(version: string): Promise<boolean>;
  /**
   * Links objects that still wait to the pack, and releases their staged bytes: from now on they are read from the
   * pack's. The first call creates the pack's row with its `store` job and returns its id, to be given to the next
   * calls: a transaction must stay short, and a pack may hold tens of thousands of objects. `file` undefined: none of
   * the objects waits any more, or the pack is gone by now; nothing was linked.
   */
  fill(
    pack: NewPack,
    content: PackContent,
    file?: string,
  ): Promise<Released & { readonly file: string | undefined; readonly linked: number }>;
  /**
   * Moves objects whose new pack is stored, at most `limit` runs in one transaction; packs that nothing needs any more
   * get a `delete` job, due after `graceMs`, since reads of them may be under way. Returns how many runs were moved.
   */
  settleMoves(limit: number, graceMs: number): Promise<number>;
  /**
   * Stored packs whose live bytes are fewer than half of their segments', by owner, territory, format and live bytes.
   * Those that are being merged are left out.
   */
  belowHalf(): Promise<readonly StoredPack[]>;
  /** Stored packs that too few nodes have left, however full they are; those that are being merged are left out. */
  toRenew(): Promise<readonly StoredPack[]>;
  /**
   * Packs that failed because staged bytes of them are damaged, while objects in them are whole, in the same order; those
   * whose whole runs are about to move are left out.
   */
  damaged(): Promise<readonly StoredPack[]>;
  /** The live runs of a pack that are not damaged, in order. */
  liveRuns(file: string): Promise<readonly PackRun[]>;
  /** The pack's staged bytes; empty once it is stored. */
  blobs(file: string): Promise<readonly BlobSlice[]>;
  usage(): Promise<readonly AccountUsage[]>;
  /** Packs by state. */
  count(): Promise<Readonly<Record<string, number>>>;
}
