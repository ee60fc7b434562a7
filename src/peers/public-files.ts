import { LRUCache } from "lru-cache";
import type { Catalog, FileRow, FileUse } from "../catalog/catalog.js";
import type { CessAccount } from "../model/account.js";
import type { CessFile, SegmentHashes } from "../model/file.js";
import { type Fid, type Hash, ZERO_FRAGMENT_HASH } from "../model/hash.js";
import { isPublicBucket } from "../model/sharing.js";
import { DATA_FRAGMENTS } from "../model/sizes.js";
import type { ChainFile } from "../network/chain/chain.js";
import type { NetworkFiles } from "../retrieval/network-files.js";
import { Refusal } from "./refusal.js";
import { requireCipher } from "./shared-files.js";
import { firstName, NetworkFile, OwnFile, type StoredFile, type StoredFileComponents } from "./stored-file.js";

/** Which files everyone may read: docs/public-gateway.md. */
export interface PublicPolicy {
  readonly policy: "own" | "listed" | "any";
  readonly files: ReadonlySet<Fid>;
  readonly accounts: ReadonlySet<CessAccount>;
}

export interface PublicFilesComponents extends StoredFileComponents {
  readonly catalog: Pick<Catalog, "files" | "documents">;
  readonly network: NetworkFiles;
  /** What the chain lists under a FID, cached for some minutes. Rejects with DomainError `dependencyUnavailable`. */
  readonly listed: (fid: Fid, signal: AbortSignal) => Promise<ChainFile | undefined>;
  /** Whether it is the CESS account of an account of this gateway. */
  readonly isOurs: (account: CessAccount) => boolean;
}

/** Fragments and segments whose files are remembered (about 200 bytes each). */
const REMEMBERED_PARTS = 26_000;

/**
 * The files that everyone may read by FID. A file that objects of this gateway use is one of them if a bucket that has
 * such an object is tagged `cess-public=yes`, and only then, whatever the policy says of others; packs and files sealed
 * for S3's encryption never are. Of the other files on the network the policy decides.
 */
export class PublicFiles {
  /** The file of each segment and fragment of files that were found lately. */
  private readonly parts = new LRUCache<Hash, Fid>({ max: REMEMBERED_PARTS });

  constructor(
    private readonly components: PublicFilesComponents,
    private readonly settings: PublicPolicy,
  ) {}

  /**
   * Undefined when there is no such file, and when it is not for everyone: the answer must not tell the two apart.
   * `cipher`: the text that the file was encrypted with in DeOSS's way. Rejects with Refusal, and as NetworkFiles.find.
   */
  async find(fid: Fid, cipher: string | undefined, signal: AbortSignal): Promise<StoredFile | undefined> {
    const { files } = this.components.catalog;
    const [rows, uses] = [await files.withFid(fid), await files.objectsWith(fid)];
    const ours = rows.length > 0 || uses.length > 0;
    const found = ours ? await this.own(rows, uses, cipher, signal) : await this.others(fid, cipher, signal);
    if (found) for (const hash of partsOf(found.segments)) this.parts.set(hash, fid);
    return found;
  }

  /** The file that was found lately and has a segment or fragment of this hash, or this FID. */
  async having(hash: Hash, signal: AbortSignal): Promise<StoredFile | undefined> {
    return this.find(this.parts.get(hash) ?? (hash as Fid), undefined, signal);
  }

  /** Whether the data fragments of the file or segment are cached, or this fragment. */
  private isCached({ fid, segments }: CessFile, hash: Hash): boolean {
    const has = (fragment: Hash) => fragment === ZERO_FRAGMENT_HASH || this.components.cache.has(fragment);
    const wanted = segments.filter((segment) => hash === fid || segment.hash === hash);
    if (wanted.length === 0) return has(hash);
    return wanted.every(({ fragments }) => fragments.slice(0, DATA_FRAGMENTS).every(has));
  }

  private async own(
    rows: readonly FileRow[],
    uses: readonly FileUse[],
    cipher: string | undefined,
    signal: AbortSignal,
  ): Promise<StoredFile | undefined> {
    if (!(await this.isPublic(uses))) return undefined;
    const served = rows.filter(
      ({ state, layout, format }) => state !== "deleting" && layout === "own-file" && format.name !== "aes-256-gcm",
    );
    const row = served.find(({ blobs }) => blobs.length > 0) ?? served[0];
    if (!row) return undefined;
    requireCipher(row, cipher);
    return new OwnFile(this.components, row, await this.nameOf(row.fid, signal), (hash) => this.isCached(row, hash));
  }

  private async isPublic(uses: readonly FileUse[]): Promise<boolean> {
    for (const bucket of new Set(uses.filter(({ isLatest }) => isLatest).map(({ bucket }) => bucket)))
      if (isPublicBucket(await this.components.catalog.documents.get(bucket, "tagging"))) return true;
    return false;
  }

  /** Without the chain a file that is here is served all the same, by its FID. */
  private async nameOf(fid: Fid, signal: AbortSignal): Promise<string | undefined> {
    const listed = await this.components.listed(fid, signal).catch(() => undefined);
    signal.throwIfAborted();
    return listed && firstName(listed);
  }

  private async others(fid: Fid, cipher: string | undefined, signal: AbortSignal): Promise<StoredFile | undefined> {
    if (this.settings.policy === "own") return undefined;
    const listed = await this.components.listed(fid, signal);
    if (!listed || !this.allows(listed)) return undefined;
    if (cipher !== undefined) requireCipherLength(cipher);
    const file = await this.components.network.find(fid, signal, cipher);
    return file && new NetworkFile(this.components, file, listed, (hash) => this.isCached(file, hash));
  }

  private allows({ fid, owners }: ChainFile): boolean {
    const { policy, files, accounts } = this.settings;
    if (files.has(fid) || owners.some(({ account }) => accounts.has(account))) return true;
    // Of an account of ours, stored elsewhere or forgotten here: nobody has said that everyone may read it.
    return policy === "any" && !owners.some(({ account }) => this.components.isOurs(account));
  }
}

function requireCipherLength(cipher: string): void {
  const length = Buffer.byteLength(cipher);
  if (length < 1 || length > 32) throw new Refusal(400, "a cipher has 1 to 32 bytes");
}

function* partsOf(segments: readonly SegmentHashes[]): Generator<Hash> {
  for (const { hash, fragments } of segments.slice(0, REMEMBERED_PARTS / 13)) {
    yield hash;
    yield* fragments;
  }
}
