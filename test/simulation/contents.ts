import { createHash } from "node:crypto";
import { fidOf } from "../../src/encoding/merkle.js";
import type { Fid, Hash } from "../../src/model/hash.js";
import { CHUNK_CONTENT, CHUNK_SIZE, FRAGMENT_SIZE, SEGMENT_SIZE } from "../../src/model/sizes.js";
import { seededRandom } from "../support/seeded-random.js";

export interface Content {
  readonly id: string;
  readonly bytes: Buffer;
  readonly md5: string;
  /** Of the whole; undefined for no bytes. */
  readonly fid: Fid | undefined;
  /** FIDs of the files it makes, each with its number of segments. */
  readonly files: readonly { readonly fid: Fid; readonly segments: number }[];
}

const SIZES = [
  0,
  1,
  100,
  FRAGMENT_SIZE - 1,
  FRAGMENT_SIZE,
  FRAGMENT_SIZE + 1,
  3 * FRAGMENT_SIZE,
  SEGMENT_SIZE - 1,
  SEGMENT_SIZE,
  SEGMENT_SIZE + 1,
  2 * SEGMENT_SIZE,
  2 * SEGMENT_SIZE + 777,
  3 * SEGMENT_SIZE,
  5 * SEGMENT_SIZE - 3,
];

/** On either side of where a run may cross from one fragment into the next, and of the ends of chunks. */
const SMALL_SIZES = [1, 20, FRAGMENT_SIZE / 16, FRAGMENT_SIZE / 16 + 1, CHUNK_CONTENT, 300, 700, 1500];
/** So many of a segment that a pack's header takes them beyond it. */
const PARTS = [2, 3, 4].map((parts) => Math.floor((SEGMENT_SIZE - 1) / parts));

/** Bytes of an encrypted segment's content. */
const CAPACITY = (SEGMENT_SIZE / CHUNK_SIZE) * CHUNK_CONTENT;

/** What clients put: some of it fresh, some of it put before, by themselves or somebody else. */
export class Contents {
  private readonly ids = new Map<string, Content>();
  /** By ETag and size. */
  private readonly etags = new Map<string, Content>();

  private readonly sizes: readonly number[];

  /**
   * `variety`: how many there are at most. `encrypted`: some will be, so that their chunks' borders matter. `packed`:
   * most are small.
   */
  constructor(
    private readonly random: () => number,
    private readonly maxSegmentsPerFile: number,
    private readonly variety: number,
    encrypted: boolean,
    packed: boolean,
  ) {
    this.sizes = [
      ...SIZES,
      ...(encrypted ? [CHUNK_CONTENT, CAPACITY - 1, CAPACITY, CAPACITY + 1, 2 * CAPACITY] : []),
      ...(packed ? [...SMALL_SIZES, ...SMALL_SIZES, ...PARTS] : []),
    ];
  }

  draw(least = 0): Content {
    const known = [...this.ids.values()].filter(({ bytes }) => bytes.length >= least);
    if (known.length >= this.variety || (known.length > 0 && this.random() < 0.3))
      return known[Math.floor(this.random() * known.length)]!;
    return this.fresh(
      this.sizes.filter((size) => size >= least),
      known,
    );
  }

  /** So many objects that fit into a pack with others: of one size, or of any. */
  drawSmall(count: number): readonly Content[] {
    const part = this.random() < 0.5 ? PARTS[Math.floor(this.random() * PARTS.length)] : undefined;
    return Array.from({ length: count }, () => this.fresh(part === undefined ? SMALL_SIZES : [part], []));
  }

  private fresh(sizes: readonly number[], known: readonly Content[]): Content {
    const size = sizes[Math.floor(this.random() * sizes.length)]!;
    const begun = known[Math.floor(this.random() * known.length)];
    const filled = begun && this.random() < 0.2 && begun.bytes.length > 0 && begun.bytes.length < size;
    if (filled) return this.make(Buffer.concat([begun.bytes, Buffer.alloc(size - begun.bytes.length)]));
    const random = seededRandom(Math.floor(this.random() * 2 ** 32));
    return this.make(Buffer.from(Array.from({ length: size }, () => Math.floor(random() * 256))));
  }

  byId(id: string): Content | undefined {
    return this.ids.get(id);
  }

  /** An ETag that is a FID says nothing of zeros at the end, so that the size is needed, too. */
  byEtag(etag: string, size: number): Content | undefined {
    return this.etags.get(`${etag} ${size}`);
  }

  /** The FID of an encrypted upload is known only when it is seen. */
  learn(etag: string, content: Content): void {
    this.etags.set(`${etag} ${content.bytes.length}`, content);
  }

  private make(bytes: Buffer): Content {
    const size = bytes.length;
    const hashes: Hash[] = [];
    for (let start = 0; start < size; start += SEGMENT_SIZE) {
      const segment = Buffer.alloc(SEGMENT_SIZE);
      bytes.copy(segment, 0, start);
      hashes.push(createHash("sha256").update(segment).digest("hex") as Hash);
    }
    const files: { fid: Fid; segments: number }[] = [];
    for (let first = 0; first < hashes.length; first += this.maxSegmentsPerFile) {
      const own = hashes.slice(first, first + this.maxSegmentsPerFile);
      files.push({ fid: fidOf(own), segments: own.length });
    }
    const md5 = createHash("md5").update(bytes).digest("hex");
    const content: Content = {
      id: `${size}-${md5.slice(0, 6)}`,
      bytes,
      md5,
      fid: hashes.length > 0 ? fidOf(hashes) : undefined,
      files,
    };
    this.ids.set(content.id, content);
    this.learn(md5, content);
    if (content.fid !== undefined) this.learn(content.fid, content);
    return content;
  }
}
