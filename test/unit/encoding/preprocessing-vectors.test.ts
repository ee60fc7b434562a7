import { expect } from "chai";
import { readFileSync } from "node:fs";
import { fidOf } from "../../../src/encoding/merkle.js";
import { ThreadEncoder } from "../../../src/encoding/thread-encoder.js";
import { PLAIN, type SegmentFormat, type SegmentHashes } from "../../../src/model/file.js";
import { segmentSlices, TestFolder, vectorBytes } from "./vector-bytes.js";

interface Vector {
  readonly size: number;
  readonly seed: number;
  readonly cipher?: string;
  readonly fid: string;
  readonly segments: readonly SegmentHashes[];
}

const vectors = JSON.parse(readFileSync("test/vectors/preprocessing.json", "utf8")) as Vector[];

describe("Preprocessing computes what the CESS Go SDK computes", () => {
  const folder = new TestFolder();
  const encoder = new ThreadEncoder();
  after(async () => {
    await encoder.close();
    folder.remove();
  });

  for (const { size, seed, cipher, fid, segments } of vectors) {
    it(`for ${size} bytes of seed ${seed}${cipher === undefined ? "" : ` encrypted with ${cipher}`}`, async () => {
      const format: SegmentFormat = cipher === undefined ? PLAIN : { name: "cess-cbc", cipher };
      const path = folder.write("input", vectorBytes(seed, size));
      const slices = segmentSlices(path, size, format);
      const computed = await Promise.all(slices.map((content) => encoder.hashSegment(content, format)));
      expect(computed).to.deep.equal(segments);
      expect(fidOf(computed.map(({ hash }) => hash))).to.equal(fid);
    });
  }
});
