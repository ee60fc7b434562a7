import { expect } from "chai";
import { createCipheriv, createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ChunkCipher } from "../../../src/encoding/chunk-cipher.js";
import { ThreadEncoder } from "../../../src/encoding/thread-encoder.js";
import { fidOf } from "../../../src/encoding/merkle.js";
import { formatFrom, segmentCapacity, type DataKey, type SegmentFormat } from "../../../src/model/file.js";
import { FRAGMENT_SIZE, SEGMENT_SIZE } from "../../../src/model/sizes.js";
import { segmentSlices, TestFolder, vectorBytes } from "./vector-bytes.js";
import { madeFragment } from "../../support/made-fragment.js";

interface Vector {
  readonly name: string;
  readonly seed: number;
  readonly size: number;
  readonly key: string;
  /** Number of the file's first segment in the object. */
  readonly first: number;
  readonly fid: string;
  readonly segments: readonly string[];
}

const path = fileURLToPath(new URL("../../../../test/vectors/aes-256-gcm.json", import.meta.url));
const vectors = JSON.parse(readFileSync(path, "utf8")) as readonly Vector[];

/** The segments as docs/encryption.md describes them, made by nothing but Node's own AES-GCM. */
function segmentsOf({ seed, size, key, first }: Vector): Buffer[] {
  const content = vectorBytes(seed, size);
  const segments: Buffer[] = [];
  for (let start = 0; start < size; start += 512 * 65_520) {
    const segment = Buffer.alloc(33_554_432);
    for (let chunk = 0; chunk < 512 && start + chunk * 65_520 < size; chunk++) {
      const plaintext = Buffer.alloc(65_520);
      plaintext.set(content.subarray(start + chunk * 65_520, start + Math.min((chunk + 1) * 65_520, 512 * 65_520)));
      const nonce = Buffer.from(
        `00000000${(first + segments.length).toString(16).padStart(8, "0")}${chunk.toString(16).padStart(8, "0")}`,
        "hex",
      );
      const cipher = createCipheriv("aes-256-gcm", Buffer.from(key, "hex"), nonce).setAAD(
        Buffer.from("cess-s3 aes-256-gcm chunk 1", "ascii"),
      );
      Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]).copy(segment, chunk * 65_536);
    }
    segments.push(segment);
  }
  return segments;
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describe("Sealed chunks", () => {
  const folder = new TestFolder();
  const encoder = new ThreadEncoder({ threads: 2 });
  after(async () => {
    await encoder.close();
    folder.remove();
  });

  for (const vector of vectors) {
    it(`make the segments of the vector "${vector.name}", as an independent computation does`, async () => {
      const format: SegmentFormat = { name: "aes-256-gcm", key: vector.key as DataKey, first: vector.first };
      const file = folder.write(vector.name.replace(/\W/g, "-"), vectorBytes(vector.seed, vector.size));
      const made = await Promise.all(
        segmentSlices(file, vector.size, format).map((content, index) =>
          encoder.hashSegment(content, formatFrom(format, index)),
        ),
      );
      expect(
        made.map(({ hash }) => hash),
        "the encoder's",
      ).to.deep.equal(vector.segments);
      const independent = segmentsOf(vector);
      expect(independent.map(sha256), "the test's own").to.deep.equal(vector.segments);
      expect(fidOf(made.map(({ hash }) => hash))).to.equal(vector.fid);
      const fragment = await madeFragment(encoder, segmentSlices(file, vector.size, format)[0]!, format, 0);
      expect(
        Buffer.from(fragment).equals(independent[0]!.subarray(0, FRAGMENT_SIZE)),
        "data fragments are the segment's own bytes",
      ).to.equal(true);
    });
  }

  it("carry 33,546,240 bytes a segment, and more than that is refused", async () => {
    const format: SegmentFormat = { name: "aes-256-gcm", key: "00".repeat(32) as DataKey, first: 0 };
    expect(segmentCapacity(format)).to.equal(33_546_240);
    const file = folder.write("too-long", new Uint8Array(SEGMENT_SIZE));
    const error: unknown = await encoder.hashSegment([{ path: file, offset: 0, length: SEGMENT_SIZE }], format).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(Error).with.property("message").that.contains("more than a segment holds");
  });

  it("open with their own key, number and bytes only", () => {
    const cipher = (key: string) => new ChunkCipher(key as DataKey);
    const content = Buffer.from(vectorBytes(1, 65_520));
    const sealed = new Uint8Array(65_536);
    cipher("ab".repeat(32)).seal(7, 3, content, sealed);
    expect(cipher("ab".repeat(32)).open(7, 3, sealed).equals(content)).to.equal(true);
    for (const [key, segment, chunk] of [
      ["ac".repeat(32), 7, 3],
      ["ab".repeat(32), 8, 3],
      ["ab".repeat(32), 7, 4],
    ] as const) {
      expect(() => cipher(key).open(segment, chunk, sealed)).to.throw("does not authenticate with its data key");
    }
    for (const at of [0, 65_519, 65_520, 65_535]) {
      const changed = sealed.slice();
      changed[at]! ^= 1;
      expect(() => cipher("ab".repeat(32)).open(7, 3, changed), `byte ${at}`).to.throw(
        "does not authenticate with its data key",
      );
    }
    expect(() => new ChunkCipher(undefined)).to.throw("is missing");
  });
});
