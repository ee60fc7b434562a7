import type { CessAccount } from "../model/account.js";
import type { SegmentFormat } from "../model/file.js";
import type { Fid } from "../model/hash.js";
import type { BlobSlice } from "../model/object.js";
import type { FileRange, Reach } from "../retrieval/retrieval.js";

/*
 * What a request process asks of the background process, and what it is told unasked. Both are processes of one program,
 * so what arrives has these types.
 */

/** What changes seldom and must be known at once, also while the background process is away. */
export interface Facts {
  /** The gateway's account on the chain. */
  readonly account: CessAccount;
  /** Whether a chain node answers. */
  readonly connected: boolean;
  /** Account.id → until when its space is paid for, ms since 1970. */
  readonly paidUntil: ReadonlyMap<string, number>;
  /** Whether blobs that are removed must be kept: the catalog may have gone back. */
  readonly keepRemoved: boolean;
}

export interface TerritoryQuestion {
  readonly owner: CessAccount;
  readonly name: string;
}

export interface FileQuestion {
  readonly fid: Fid;
  readonly cipher?: string | undefined;
  readonly recent?: boolean | undefined;
}

export interface HeldQuestion {
  readonly account: CessAccount;
  readonly after: string;
  readonly prefix: string;
}

export interface ContentQuestion {
  readonly subject: string;
  readonly content: readonly BlobSlice[];
  readonly format: SegmentFormat;
}

export interface AdvanceNotice {
  readonly upload: string;
  readonly format: SegmentFormat;
  readonly part: number;
}

export interface RetrievalQuestion {
  readonly file: FileRange;
  readonly reach?: Reach | undefined;
}

export interface StoreQuestion {
  readonly key: string;
  readonly value: unknown;
  /** How long it is kept, ms. */
  readonly ttlMs?: number | undefined;
}
