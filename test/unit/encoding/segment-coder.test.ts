import { expect } from "chai";
import fc from "fast-check";
import { createHash } from "node:crypto";
import { STRIP_SIZE } from "../../../src/encoding/codec.js";
import { createCodec } from "../../../src/encoding/fastest-codec.js";
import { ReferenceCodec } from "../../../src/encoding/reference-codec.js";
import { SegmentCoder } from "../../../src/encoding/segment-coder.js";
import { PLAIN, segmentCapacity, type DataKey, type SegmentFormat } from "../../../src/model/file.js";
import { ZERO_FRAGMENT_HASH } from "../../../src/model/hash.js";
import { DATA_FRAGMENTS, FRAGMENT_SIZE, FRAGMENTS, SEGMENT_SIZE } from "../../../src/model/sizes.js";
import { seededRandom } from "../../support/seeded-random.js";
import { TestFolder } from "./vector-bytes.js";

const DATA = [0, 1, 2, 3];
const PARITY = [4, 5, 6, 7, 8, 9, 10, 11];
const EDGES = [STRIP_SIZE, FRAGMENT_SIZE, 2 * FRAGMENT_SIZE, SEGMENT_SIZE - FRAGMENT_SIZE, SEGMENT_SIZE];
const FORMATS: readonly SegmentFormat[] = [
  PLAIN,
  { name: "cess-cbc", cipher: "correct-horse" },
  { name: "aes-256-gcm", key: "5e".repeat(32) as DataKey, first: 3 },
];

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** The hashes of a segment, all 32 MiB of it in memory: every byte is coded by the reference library and hashed. */
function reference(segment: Buffer): { readonly hash: string; readonly fragments: readonly string[] } {
  const codec = new ReferenceCodec(STRIP_SIZE);
  const hashers = Array.from({ length: FRAGMENTS }, () => createHash("sha256"));
  for (let column = 0; column < FRAGMENT_SIZE; column += STRIP_SIZE) {
    for (const index of DATA) {
      const start = index * FRAGMENT_SIZE + column;
      codec.inputs[index]!.set(segment.subarray(start, start + STRIP_SIZE));
    }
    codec.transform(DATA, PARITY, STRIP_SIZE);
    for (const [index, hasher] of hashers.entries())
      hasher.update(index < DATA_FRAGMENTS ? codec.inputs[index]! : codec.outputs[index - DATA_FRAGMENTS]!);
  }
  return { hash: sha256(segment), fragments: hashers.map((hasher) => hasher.digest("hex")) };
}

describe("The coder of segments", () => {
  const folder = new TestFolder();
  const coder = new SegmentCoder(createCodec());
  after(() => folder.remove());

  /** Where the content ends, and which of its strips are zeros. */
  const contents = fc.record({
    size: fc
      .tuple(fc.constantFrom(...EDGES), fc.constantFrom(-1, 0, 1))
      .map(([edge, by]) => edge + by)
      .filter((size) => size <= SEGMENT_SIZE),
    zeros: fc.constantFrom("none", "all", "first half", "second half", "every other strip"),
    format: fc.constantFrom(...FORMATS),
    seed: fc.nat(),
  });

  function bytesOf({ size, zeros, seed }: { readonly size: number; readonly zeros: string; readonly seed: number }) {
    const block = Buffer.from(Array.from({ length: STRIP_SIZE - 1 }, seededRandom(seed)).map((x) => x * 256));
    const bytes = Buffer.alloc(size, block);
    if (zeros === "all") bytes.fill(0);
    if (zeros === "first half") bytes.fill(0, 0, size >> 1);
    if (zeros === "second half") bytes.fill(0, size >> 1);
    if (zeros === "every other strip")
      for (let start = 0; start < size; start += 2 * STRIP_SIZE)
        bytes.fill(0, start, Math.min(start + STRIP_SIZE, size));
    return bytes;
  }

  it("gives the hashes of all 32 MiB and of all that the reference library makes of them, whatever of it is zeros", () => {
    fc.assert(
      fc.property(contents, ({ format, ...shape }) => {
        const bytes = bytesOf(shape).subarray(0, segmentCapacity(format));
        const content = [{ path: folder.write("content", bytes), offset: 0, length: bytes.length }];
        const hashes = coder.hashes(content, format);
        const segment = Buffer.concat(coder.fragments(content, format, DATA));
        if (format.name === "plain") expect(segment.subarray(0, bytes.length).equals(bytes)).to.equal(true);
        expect(hashes).to.deep.equal(reference(segment));
        expect(coder.segmentHash(content, format)).to.equal(hashes.hash);
      }),
      { numRuns: 10 },
    );
  });

  it("knows every fragment of zeros, and makes each fragment that it hashes", () => {
    const path = folder.write("zeros", Buffer.alloc(FRAGMENT_SIZE + 1));
    const zeros = [{ path, offset: 0, length: FRAGMENT_SIZE + 1 }];
    expect(coder.hashes(zeros, PLAIN)).to.deep.equal({
      hash: sha256(Buffer.alloc(SEGMENT_SIZE)),
      fragments: Array.from({ length: FRAGMENTS }, () => ZERO_FRAGMENT_HASH),
    });
    const content = [{ path: folder.write("end", Buffer.alloc(STRIP_SIZE + 1, 1)), offset: 0, length: STRIP_SIZE + 1 }];
    const { fragments } = coder.hashes(content, PLAIN);
    for (const [index, hash] of fragments.entries())
      expect(coder.fragments(content, PLAIN, [index]).map(sha256), `fragment ${index}`).to.deep.equal([hash]);
    const several = [11, 0, 7, 2];
    expect(coder.fragments(content, PLAIN, several).map(sha256)).to.deep.equal(several.map((n) => fragments[n]));
  });

  it("makes the same fragments in memory that was used before, zeros included", () => {
    const content = [{ path: folder.write("end", Buffer.alloc(STRIP_SIZE + 1, 1)), offset: 0, length: STRIP_SIZE + 1 }];
    for (const indexes of [DATA, [11, 0, 7, 2]]) {
      const used = indexes.map(() => new Uint8Array(new SharedArrayBuffer(FRAGMENT_SIZE)).fill(0xaa));
      const made = coder.fragments(content, PLAIN, indexes, used);
      expect(made.map(sha256)).to.deep.equal(coder.fragments(content, PLAIN, indexes).map(sha256));
      expect(made.every((bytes, i) => bytes === used[i])).to.equal(true);
    }
  });

  it("has no zeros where the fill is encrypted with the content", () => {
    const content = [{ path: folder.write("one", Buffer.alloc(1)), offset: 0, length: 1 }];
    const [, cbc, gcm] = FORMATS.map((format) => coder.hashes(content, format).fragments);
    expect(cbc).not.to.include(ZERO_FRAGMENT_HASH);
    expect(gcm!.map((hash) => hash === ZERO_FRAGMENT_HASH)).to.deep.equal(
      [...DATA, ...PARITY].map((index) => [1, 2, 3].includes(index)),
    );
  });
});
