import { refusalKind, type RefusalKind } from "./refusal-kinds.js";
import type { CessAccount } from "../../model/account.js";
import type { SegmentHashes } from "../../model/file.js";
import type { Fid, Hash } from "../../model/hash.js";

export type { RefusalKind } from "./refusal-kinds.js";

/**
 * What the gateway needs of the CESS chain. Reads are of the best block unless said otherwise. They never show a state
 * older than a final block that an earlier read was answered from, whichever endpoint answers. Every call rejects with
 * ChainUnavailable when no endpoint answers within the configured time, and with its signal's reason.
 */
export interface Chain {
  /** The gateway's own account, which signs. */
  readonly account: CessAccount;
  /** True while connected and synced to a node. */
  readonly connected: boolean;
  file(fid: Fid, at?: "best" | "finalized"): Promise<ChainFile | undefined>;
  deal(fid: Fid, at?: "best" | "finalized"): Promise<ChainDeal | undefined>;
  /** FIDs of the files that this account owns, at the newest final block: up to 500,000, some of them perhaps twice. */
  ownedFiles(owner: CessAccount): Promise<readonly Fid[]>;
  territory(owner: CessAccount, name: string): Promise<Territory | undefined>;
  /** Whether `owner` lets this gateway's account act for it (oss.authorityList). */
  authorized(owner: CessAccount): Promise<boolean>;
  /** All registered storage nodes, with what the chain says of them. */
  nodes(): Promise<ChainNode[]>;
  finalizedBlock(): Promise<number>;
  /**
   * Submits fileBank.uploadDeclaration and waits until it is in a finalized block. `onSigned` is awaited before the
   * extrinsic leaves this process: save what it says, so that a restart knows whether it may still be included.
   * Resolves with the number of that block. Rejects with ChainRefusal when the pallet refuses (its fee is paid),
   * ExtrinsicLost when it was never included.
   */
  declare(order: DealOrder, options: SubmitOptions): Promise<number>;
  /**
   * Submits fileBank.deleteFile(owner, fid). The same waiting, answer and failing as `declare`. Success does not prove
   * that the file is gone: read it afterwards.
   */
  deleteFile(owner: CessAccount, fid: Fid, options: SubmitOptions): Promise<number>;
  /**
   * Whether an extrinsic signed earlier can no longer be included in the future: its nonce is used or its era is over,
   * at a finalized block.
   */
  settled(signed: SignedExtrinsic): Promise<boolean>;
  /** sr25519 signature of these bytes by the gateway's account, for storage nodes. */
  sign(message: Uint8Array): Uint8Array;
  /**
   * Calls back for every deal event in finalized blocks, in order. After a gap (reconnect, missed blocks)
   * `{kind:"gap"}` comes first: read the state anew; events of blocks around it may come twice. Returns the function
   * that ends it.
   */
  watch(listener: (event: ChainEvent) => void): () => void;
  close(): Promise<void>;
}

export interface SubmitOptions {
  /**
   * Called again when the nonce was taken and other bytes had to be signed. The bytes before were never accepted, so
   * the last call counts.
   */
  readonly onSigned?: (signed: SignedExtrinsic) => Promise<void>;
  readonly signal?: AbortSignal;
}

/** Enough to tell, after a crash, whether an extrinsic may still land. */
export interface SignedExtrinsic {
  readonly nonce: number;
  /** Last block number in which it can be included. */
  readonly untilBlock: number;
}

export interface DealOrder {
  readonly fid: Fid;
  readonly owner: CessAccount;
  readonly territory: string;
  /** 3 to 63 letters or digits every runtime accepts; never an S3 name: it is public. */
  readonly fileName: string;
  /** Object bytes. */
  readonly size: number;
  readonly segments: readonly SegmentHashes[];
}

export interface ChainDeal {
  readonly fid: Fid;
  readonly owner: CessAccount;
  readonly territory: string;
  /** As the owner's gateway wrote it, not encrypted. */
  readonly fileName?: string;
  /** Object bytes. */
  readonly size?: number;
  readonly segments: readonly SegmentHashes[];
  /** Index 0…11 (the chain counts 1…12). */
  readonly reports: readonly { readonly index: number; readonly node: CessAccount }[];
}

export interface ChainFile {
  readonly fid: Fid;
  readonly size: number;
  /** The block of the last report, which made the deal a file. */
  readonly completed?: number;
  /** `fileName`: as the owner's gateway wrote it, in clear. */
  readonly owners: readonly { readonly account: CessAccount; readonly territory: string; readonly fileName?: string }[];
  /** Each with its 12 fragments in index order and the node that reported it; `lost`: that node is to be replaced. */
  readonly segments: readonly {
    readonly hash: Hash;
    readonly fragments: readonly { readonly hash: Hash; readonly node: CessAccount; readonly lost?: boolean }[];
  }[];
}

export interface BlockName {
  readonly number: number;
  /** `0x` and 64 hex digits. */
  readonly hash: string;
}

/** What one block shows under a FID. */
export interface FileAtBlock {
  readonly block: BlockName;
  readonly file: ChainFile | undefined;
}

/** Bytes. */
export interface Territory {
  readonly total: bigint;
  readonly used: bigint;
  readonly locked: bigint;
  readonly remaining: bigint;
  readonly state: "active" | "frozen" | "expired" | "on-consignment";
  /** Block at which it freezes. */
  readonly deadline: number;
}

export interface ChainNode {
  readonly account: CessAccount;
  /** As written by the node's owner, without NUL padding, `http://` added where no scheme stood; may be anything. */
  readonly endpoint: string;
  /** Only positive ones may report. */
  readonly state: "positive" | "frozen" | "lock" | "exit" | "offline" | "other";
  readonly idleSpace: bigint;
  /** The account its earnings go to: nodes of one operator share it. */
  readonly operator?: CessAccount;
}

export type ChainEvent =
  | { readonly kind: "declared" | "reported" | "stored" | "deleted"; readonly fid: Fid; readonly block: number }
  | { readonly kind: "gap" };

export class ChainUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ChainUnavailable";
  }
}

/** A pallet's refusal, by its name in the runtime's metadata, `fileBank.NoPermission`, and by what it means. */
export class ChainRefusal extends Error {
  readonly kind: RefusalKind;

  constructor(
    readonly section: string,
    readonly reason: string,
  ) {
    super(`the chain refused: ${section}.${reason}`);
    this.name = "ChainRefusal";
    this.kind = refusalKind(section, reason);
  }
}

/** The extrinsic was dropped, replaced or outlived its era without being included. */
export class ExtrinsicLost extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ExtrinsicLost";
  }
}

/** Never included, because the account has too few tokens for the fee. */
export class FeesUnpaid extends ExtrinsicLost {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "FeesUnpaid";
  }
}
