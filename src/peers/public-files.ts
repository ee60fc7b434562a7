import { LRUCache } from "lru-cache";
import type { Catalog, FileRow, FileUse } from "../catalog/catalog.js";
import type { CessAccount } from "../model/account.js";
import type { ByteRange } from "../model/byte-range.js";
import { type CessFile, PLAIN, type SegmentHashes } from "../model/file.js";
import { type Fid, type Hash, ZERO_FRAGMENT_HASH } from "../model/hash.js";
import { isPublicBucket } from "../model/sharing.js";
import { DATA_FRAGMENTS, FRAGMENT_SIZE, MIB, SEGMENT_SIZE } from "../model/sizes.js";
import type { ChainFile } from "../network/chain/chain.js";
import type { NetworkFiles } from "../retrieval/network-files.js";
import type { Reach, Retrieval } from "../retrieval/retrieval.js";
import type { FragmentCache } from "../cache/cache.js";
import { ByteStream } from "../streams/byte-stream.js";
import { pieces } from "./file-answer.js";
import type { FileMetadata, Metadata } from "./file-metadata.js";
import { Refusal } from "./refusal.js";
import { requireCipher, type SharedFiles } from "./shared-files.js";

/** A file that a requester may read. */
export interface OfferedFile {
  readonly fid: Fid;
  /** Bytes. */
  readonly size: number;
  /** As the chain has it; undefined where it has none. */
  readonly name: string | undefined;
  readonly segments: readonly SegmentHashes[];
  /**
   * Bytes `range` of the file. Resolves when the first of them are verified, and rejects with DomainError
   * `objectUnavailable` when they cannot be had within `reach`. A later failure is thrown to the reader.
   */
  open(range: ByteRange, reach: Reach, signal: AbortSignal): Promise<ByteStream>;
  metadata(): Promise<Metadata>;
}

/** With what the network's nodes hold of it. */
export interface StoredFile extends OfferedFile {
  /** Bytes `range` of a stored segment of 32 MiB, its filling as well; rejects as `open`. */
  openSegment(index: number, range: ByteRange, reach: Reach, signal: AbortSignal): Promise<ByteStream>;
  /** A fragment of 8 MiB; a parity fragment only if it is near. Undefined when it cannot be had. */
  fragment(hash: Hash, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** Whether the file, or its segment or fragment of this hash, is staged or cached here. */
  isNear(hash: Hash): boolean;
}

/** Which files everyone may read: docs/public-gateway.md. */
export interface PublicPolicy {
  readonly policy: "own" | "listed" | "any";
  readonly files: ReadonlySet<Fid>;
  readonly accounts: ReadonlySet<CessAccount>;
}

export interface PublicFilesComponents {
  readonly catalog: Pick<Catalog, "files" | "documents">;
  readonly shared: SharedFiles;
  readonly metadata: FileMetadata;
  readonly cache: FragmentCache;
  readonly retrieval: Retrieval;
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

/** A file that objects of this gateway use. */
class OwnFile implements StoredFile {
  constructor(
    private readonly components: PublicFilesComponents,
    private readonly row: FileRow,
    readonly name: string | undefined,
    private readonly isCached: (hash: Hash) => boolean,
  ) {}

  get fid(): Fid {
    return this.row.fid;
  }

  get size(): number {
    return this.row.size;
  }

  get segments(): readonly SegmentHashes[] {
    return this.row.segments;
  }

  open(range: ByteRange, reach: Reach, signal: AbortSignal): Promise<ByteStream> {
    return this.components.shared.open(this.row, range, reach, signal);
  }

  async openSegment(index: number, range: ByteRange, reach: Reach, signal: AbortSignal): Promise<ByteStream> {
    if (this.row.format.name !== "plain") return openStored(this.components, this.row, index, range, reach, signal);
    const base = index * SEGMENT_SIZE;
    const end = Math.min(base + range.end, this.size);
    const content = await this.open({ start: Math.min(base + range.start, end), end }, reach, signal);
    return ByteStream.over(filled(content, range.end - range.start), signal);
  }

  fragment(hash: Hash, signal: AbortSignal): Promise<Uint8Array | undefined> {
    return fragmentOf(this.components, this.row, hash, this.components.shared.fragment(this.row, hash, signal), signal);
  }

  isNear(hash: Hash): boolean {
    return (this.row.blobs.length > 0 && this.row.restored !== true) || this.isCached(hash);
  }

  metadata(): Promise<Metadata> {
    return this.components.metadata.of(this.row);
  }
}

/** A file that the chain lists, and that is nobody's here. */
class NetworkFile implements StoredFile {
  readonly name: string | undefined;

  constructor(
    private readonly components: PublicFilesComponents,
    private readonly file: CessFile,
    private readonly listed: ChainFile,
    private readonly isCached: (hash: Hash) => boolean,
  ) {
    this.name = firstName(listed);
  }

  get fid(): Fid {
    return this.file.fid;
  }

  get size(): number {
    return this.file.size;
  }

  get segments(): readonly SegmentHashes[] {
    return this.file.segments;
  }

  open(range: ByteRange, reach: Reach, signal: AbortSignal): Promise<ByteStream> {
    if (range.end <= range.start) return Promise.resolve(ByteStream.of());
    return this.components.retrieval.open([{ file: this.file, range }], signal, reach);
  }

  openSegment(index: number, range: ByteRange, reach: Reach, signal: AbortSignal): Promise<ByteStream> {
    return openStored(this.components, this.file, index, range, reach, signal);
  }

  fragment(hash: Hash, signal: AbortSignal): Promise<Uint8Array | undefined> {
    return fragmentOf(this.components, this.file, hash, this.components.cache.get(hash), signal);
  }

  isNear(hash: Hash): boolean {
    return this.isCached(hash);
  }

  metadata(): Promise<Metadata> {
    return Promise.resolve(this.components.metadata.listed(this.listed));
  }
}

/** As the nodes hold it. */
function openStored(
  { retrieval }: PublicFilesComponents,
  { fid, segments }: CessFile,
  index: number,
  { start, end }: ByteRange,
  reach: Reach,
  signal: AbortSignal,
): Promise<ByteStream> {
  const base = index * SEGMENT_SIZE;
  const file = { fid, segments, size: segments.length * SEGMENT_SIZE, format: PLAIN };
  return retrieval.open([{ file, range: { start: base + start, end: base + end } }], signal, reach);
}

async function fragmentOf(
  components: PublicFilesComponents,
  file: CessFile,
  hash: Hash,
  near: Promise<Uint8Array | undefined>,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const here = await near;
  if (here) return here;
  const segment = file.segments.findIndex(({ fragments }) => fragments.slice(0, DATA_FRAGMENTS).includes(hash));
  if (segment < 0) return undefined;
  const start = (file.segments[segment]?.fragments.indexOf(hash) ?? 0) * FRAGMENT_SIZE;
  const range = { start, end: start + FRAGMENT_SIZE };
  const chunks: Uint8Array[] = [];
  for await (const chunk of await openStored(components, file, segment, range, "nodes", signal)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** `content`, and zeros up to `length` bytes. */
async function* filled(content: ByteStream, length: number): AsyncGenerator<Uint8Array, void> {
  let left = length;
  for await (const chunk of content) {
    left -= chunk.length;
    yield chunk;
  }
  for (; left > 0; left -= MIB) yield* pieces(new Uint8Array(Math.min(left, MIB)));
}

function* partsOf(segments: readonly SegmentHashes[]): Generator<Hash> {
  for (const { hash, fragments } of segments.slice(0, REMEMBERED_PARTS / 13)) {
    yield hash;
    yield* fragments;
  }
}

function firstName({ owners }: ChainFile): string | undefined {
  return owners.map(({ fileName }) => fileName).find((name) => name !== undefined && name !== "");
}
