import { z } from "zod";
import { PLAIN, type DataKey, type SegmentFormat, type SegmentHashes } from "../model/file.js";
import type { Hash } from "../model/hash.js";
import type { Sealer } from "../model/sealer.js";
import { FRAGMENTS } from "../model/sizes.js";
import { JsonColumn } from "./json-columns.js";

const HASH_SIZE = 32;
const SEGMENT_HASHES_SIZE = (1 + FRAGMENTS) * HASH_SIZE;

/** 13 hashes of 32 bytes for each segment: the segment's, then its fragments' in order of index. */
export function packSegments(segments: readonly SegmentHashes[]): Uint8Array {
  const packed = Buffer.alloc(segments.length * SEGMENT_HASHES_SIZE);
  segments.forEach((segment, at) => {
    if (segment.fragments.length !== FRAGMENTS)
      throw new Error(`a segment has ${segment.fragments.length} fragment hashes, not ${FRAGMENTS}`);
    [segment.hash, ...segment.fragments].forEach((hash, index) =>
      packed.write(hash, at * SEGMENT_HASHES_SIZE + index * HASH_SIZE, HASH_SIZE, "hex"),
    );
  });
  return packed;
}

export function unpackSegments(column: ArrayBuffer | Uint8Array): SegmentHashes[] {
  const packed =
    column instanceof Uint8Array
      ? Buffer.from(column.buffer, column.byteOffset, column.byteLength)
      : Buffer.from(column);
  if (packed.length % SEGMENT_HASHES_SIZE !== 0)
    throw new Error(`${packed.length} bytes are no whole number of segments' hashes`);
  return Array.from({ length: packed.length / SEGMENT_HASHES_SIZE }, (_, segment) => {
    const at = segment * SEGMENT_HASHES_SIZE;
    const hash = (index: number) =>
      packed.toString("hex", at + index * HASH_SIZE, at + (index + 1) * HASH_SIZE) as Hash;
    return { hash: hash(0), fragments: Array.from({ length: FRAGMENTS }, (_, index) => hash(index + 1)) };
  });
}

const PURPOSE = "segment format";

/** A format as its column holds it. */
const sealedFormat = z.discriminatedUnion("name", [
  z.strictObject({ name: z.literal("cess-cbc"), sealed: z.string() }),
  z.strictObject({
    name: z.literal("aes-256-gcm"),
    first: z.number().int().nonnegative(),
    sealed: z.string().exactOptional(),
  }),
]);
type SealedFormat = z.infer<typeof sealedFormat>;
const formatColumn = new JsonColumn<SealedFormat>("format", sealedFormat);

/** The column of a format. Null stands for the plain format; secrets are sealed. */
export class FormatColumn {
  constructor(private readonly sealer: Sealer) {}

  pack(format: SegmentFormat | undefined): string | null {
    if (format === undefined || format.name === "plain") return null;
    const { name } = format;
    if (name === "cess-cbc")
      return JSON.stringify({ name, sealed: this.sealer.seal(format.cipher, PURPOSE) } satisfies SealedFormat);
    const { first, key } = format;
    return JSON.stringify({
      name,
      first,
      ...(key === undefined ? {} : { sealed: this.sealer.seal(key, PURPOSE) }),
    } satisfies SealedFormat);
  }

  unpack(column: string | null): SegmentFormat {
    if (column === null) return PLAIN;
    const { sealed, ...format } = formatColumn.parse(column);
    const secret = sealed === undefined ? undefined : this.sealer.open(sealed, PURPOSE);
    if (format.name === "cess-cbc") return { name: format.name, cipher: secret ?? "" };
    return { ...format, ...(secret === undefined ? {} : { key: secret as DataKey }) };
  }
}

/** The format's column without the data key, for a file that is stored. Each version keeps the key, wrapped. */
export function withoutDataKey(column: string | null): string | null {
  if (column === null) return null;
  const format = formatColumn.parse(column);
  return format.name === "aes-256-gcm"
    ? JSON.stringify({ name: format.name, first: format.first } satisfies SealedFormat)
    : column;
}
