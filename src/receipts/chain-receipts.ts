import { createHash } from "node:crypto";
import { Semaphore, SemaphoreFull } from "../async/semaphore.js";
import type { Catalog } from "../catalog/catalog.js";
import { isOwner, sameContent } from "../distribution/chain-view.js";
import type { Account, CessAccount } from "../model/account.js";
import type { Clock } from "../model/clock.js";
import { DomainError } from "../model/errors.js";
import type { Extent } from "../model/file.js";
import type { Fid, Hash } from "../model/hash.js";
import type { ObjectVersion } from "../model/object.js";
import { ChainUnavailable, type BlockName, type FileAtBlock } from "../network/chain/chain.js";
import {
  MAX_RECEIPT_SEGMENTS,
  segmentsOf,
  type DeletionCertificate,
  type Receipt,
  type ReceiptFile,
} from "./document.js";
import type { Receipts } from "./receipts.js";
import { sign, type DocumentSigner } from "./signature.js";

export interface ChainReceiptsComponents {
  readonly catalog: Pick<Catalog, "objects" | "files" | "receipts">;
  readonly chain: {
    genesis(): Promise<string>;
    /** At the newest final block, or at a block that is named. */
    fileAt(fid: Fid, block?: BlockName): Promise<FileAtBlock>;
  };
  readonly signer: DocumentSigner & { readonly account: CessAccount };
  /** The account of an Account.id; undefined when it is not configured, or no longer. */
  readonly owners: (id: string) => Account | undefined;
  readonly clock: Clock;
}

/** Documents that are made at a time, each of up to 7 MB, and that wait. */
const LIMITS = { permits: 2, waiting: 64 };

/** Receipts from the catalog and the chain. */
export class ChainReceipts implements Receipts {
  private readonly turns = new Semaphore(LIMITS);

  constructor(private readonly components: ChainReceiptsComponents) {}

  of(version: string, signal?: AbortSignal): Promise<Receipt> {
    return this.inTurn(() => this.receipt(version), signal);
  }

  deletions(fid: Fid, signal?: AbortSignal): Promise<readonly DeletionCertificate[]> {
    return this.inTurn(() => this.certificates(fid), signal);
  }

  private async inTurn<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    try {
      return await this.turns.run(work, { signal });
    } catch (cause) {
      if (cause instanceof SemaphoreFull)
        throw new DomainError({ kind: "overloaded" }, `${cause.waiting} receipts are waited for already`, { cause });
      if (cause instanceof ChainUnavailable)
        throw new DomainError(
          { kind: "dependencyUnavailable" },
          "a receipt tells what the chain lists, and the chain cannot be read at the moment: try again later",
          { cause },
        );
      throw cause;
    }
  }

  private async receipt(id: string): Promise<Receipt> {
    const { catalog, chain, signer } = this.components;
    const version = await catalog.objects.byId(id);
    if (!version || version.deleteMarker)
      throw new DomainError({ kind: "noObject", key: version?.key ?? "" }, "the object was deleted meanwhile");
    requireStored(version);
    const files: ReceiptFile[] = [];
    let observed: BlockName | undefined;
    for (const extent of version.extents) {
      const listed = await chain.fileAt(extent.fid, observed);
      observed = listed.block;
      files.push(await this.file(extent, listed));
      requireFits(files);
    }
    if (!observed)
      throw new DomainError(
        { kind: "noReceipt" },
        "An empty object has no bytes on the network, so there is nothing that a receipt could tell of it.",
      );
    return sign<Receipt>(
      { type: "cess-s3-receipt", ...(await this.head(observed)), object: objectOf(version), files },
      signer,
    );
  }

  /** A file with the extent of the object in it, as the catalog has it and the chain lists it. */
  private async file({ file: id, fid, ...extent }: Extent, { block, file: listed }: FileAtBlock): Promise<ReceiptFile> {
    const { catalog, owners } = this.components;
    const row = await catalog.files.get(id);
    const owner = row && owners(row.owner)?.cessAccount;
    if (!row || !owner || !listed || !isOwner(listed, owner) || !sameContent(row, listed))
      throw new DomainError(
        { kind: "objectUnavailable" },
        `At its final block ${block.number} the chain does not list the file ${fid} as this gateway has it, for the ` +
          "account that owns the object. It may be repaired or replaced at the moment: try again later.",
      );
    const { declared } = await catalog.receipts.blocks(id);
    return {
      fid,
      owner,
      format: row.format.name,
      declaredBlock: declared ?? null,
      completedBlock: listed.completed ?? null,
      extent: {
        offset: extent.offset,
        length: extent.length,
        stored: extent.packed ? { length: extent.packed.length, sha256: extent.packed.digest } : null,
      },
      segments: listed.segments.map(({ hash, fragments }) => ({
        hash,
        fragments: fragments.map((fragment) => fragment.hash),
        nodes: fragments.map(({ node }) => node),
      })),
    };
  }

  private async certificates(fid: Fid): Promise<readonly DeletionCertificate[]> {
    const { catalog, chain, signer } = this.components;
    const deletions = await catalog.receipts.deletions(fid);
    if (deletions.length === 0) return [];
    const { block, file } = await chain.fileAt(fid);
    const head = await this.head(block);
    return deletions
      .filter(({ account }) => !file || !isOwner(file, account))
      .map(({ account: owner, block: deletedBlock = null }) =>
        sign<DeletionCertificate>({ type: "cess-s3-deletion", ...head, fid, owner, deletedBlock }, signer),
      );
  }

  private async head({ number, hash }: BlockName) {
    const { chain, signer, clock } = this.components;
    return {
      version: 1 as const,
      issuedAt: new Date(clock.now()).toISOString(),
      signer: signer.account,
      network: { genesis: await chain.genesis() },
      observed: { block: number, hash },
    };
  }
}

function objectOf(version: ObjectVersion): Receipt["object"] {
  const { bucket, key, versionId, createdAt, size, etag, checksum, parts, encryption } = version;
  return {
    bucketSha256: sha256(bucket),
    keySha256: sha256(key),
    versionId,
    createdAt: new Date(createdAt).toISOString(),
    size,
    etag,
    checksum: checksum ? { algorithm: checksum.algorithm, type: checksum.type, value: checksum.value } : null,
    parts: parts && parts.length > 0 ? parts.map((part) => part.size) : null,
    encryption: encryption?.algorithm ?? "none",
  };
}

/** Of a name's UTF-8. */
export function sha256(text: string): Hash {
  return createHash("sha256").update(text).digest("hex") as Hash;
}

function requireStored({ durability: { state, failure } }: ObjectVersion): void {
  if (state === "stored") return;
  const why =
    failure === undefined
      ? "Ask again when HEAD tells x-cess-state: stored"
      : `It cannot become stored as it is (${failure}): put it again`;
  throw new DomainError(
    { kind: "notStored", state },
    `A receipt tells what the chain lists, and the object's state is ${state}, not stored. ${why}.`,
  );
}

function requireFits(files: readonly ReceiptFile[]): void {
  if (segmentsOf(files) <= MAX_RECEIPT_SEGMENTS) return;
  throw new DomainError(
    { kind: "noReceipt" },
    `A receipt lists at most ${MAX_RECEIPT_SEGMENTS} segments of 32 MiB, and the object has more: it is too large for one.`,
  );
}
