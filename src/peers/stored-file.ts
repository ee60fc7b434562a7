import type { FileRow } from "../catalog/catalog.js";
import type { FragmentCache } from "../cache/cache.js";
import type { ByteRange } from "../model/byte-range.js";
import { type CessFile, PLAIN, type SegmentHashes } from "../model/file.js";
import type { Fid, Hash } from "../model/hash.js";
import { DATA_FRAGMENTS, FRAGMENT_SIZE, MIB, SEGMENT_SIZE } from "../model/sizes.js";
import type { ChainFile } from "../network/chain/chain.js";
import type { Reach, Retrieval } from "../retrieval/retrieval.js";
import { ByteStream } from "../streams/byte-stream.js";
import { pieces } from "./file-answer.js";
import type { FileMetadata, Metadata } from "./file-metadata.js";
import type { SharedFiles } from "./shared-files.js";

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

export interface StoredFileComponents {
  readonly shared: SharedFiles;
  readonly metadata: FileMetadata;
  readonly cache: FragmentCache;
  readonly retrieval: Retrieval;
}

/** A file that objects of this gateway use. */
export class OwnFile implements StoredFile {
  constructor(
    private readonly components: StoredFileComponents,
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
export class NetworkFile implements StoredFile {
  readonly name: string | undefined;

  constructor(
    private readonly components: StoredFileComponents,
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
  { retrieval }: StoredFileComponents,
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
  components: StoredFileComponents,
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

/** The first name that the chain has of a file. */
export function firstName({ owners }: ChainFile): string | undefined {
  return owners.map(({ fileName }) => fileName).find((name) => name !== undefined && name !== "");
}
