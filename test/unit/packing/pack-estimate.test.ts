import { expect } from "chai";
import fc from "fast-check";
import { PLAIN } from "../../../src/model/file.js";
import { KIB, MIB, SEGMENT_SIZE } from "../../../src/model/sizes.js";
import { estimatePacks } from "../../../src/packing/pack-estimate.js";
import { PackWriter } from "../../../src/packing/pack-writer.js";

const settings = { segments: 8, maxObjects: 50_000 };

/** What the real writer makes of so many objects, in a pack of `segments`: objects that fitted, and segments begun. */
async function written(count: number, size: number, segments: number): Promise<{ objects: number; segments: number }> {
  const { signal } = new AbortController();
  const content = {
    async *read() {
      await Promise.resolve();
      yield new Uint8Array(size);
    },
  };
  const writer = new PackWriter(content, segments * SEGMENT_SIZE);
  writer.header().next();
  const blobs = [{ blob: "blob" as never, offset: 0, length: size }];
  for (let n = 0; n < count; n++) {
    const run = writer.object({ version: String(n), queuedAt: 0, size, blobs, format: PLAIN }, signal);
    let step = await run.next();
    while (step.done !== true) step = await run.next();
    if (!step.value) break;
  }
  return { objects: writer.objects.length, segments: Math.ceil(writer.bytes / SEGMENT_SIZE) };
}

describe("The estimate of packs", () => {
  it("reckons one pack of one segment for one small object", () => {
    expect(estimatePacks(1, MIB, settings)).to.deep.equal({ packs: 1, segmentsOfFull: 8, segmentsOfLast: 1 });
  });

  it("keeps to the number of objects that a pack may have", () => {
    expect(estimatePacks(100_001, 100, settings)).to.deep.equal({ packs: 3, segmentsOfFull: 1, segmentsOfLast: 1 });
  });

  it("agrees with what the writer of packs makes of them", async () => {
    for (const size of [200 * KIB, 512 * KIB, 512 * KIB + 1, 3 * MIB, 5 * MIB]) {
      const { objects } = await written(1_000, size, 2);
      const { packs } = estimatePacks(objects, size, { ...settings, segments: 2 });
      expect(packs, `${size} bytes: all in one`).to.equal(1);
      expect(estimatePacks(objects + 1, size, { ...settings, segments: 2 }).packs, `${size}: one more`).to.equal(2);
      for (const count of [1, Math.ceil(objects / 3), objects]) {
        const { segments } = await written(count, size, 2);
        expect(estimatePacks(count, size, { ...settings, segments: 2 }).segmentsOfLast, `${count} × ${size}`).to.equal(
          segments,
        );
      }
    }
  });

  it("never makes a pack larger than it may be", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 * MIB }), fc.integer({ min: 1, max: 10 ** 7 }), (stored, count) => {
        const { segmentsOfFull, segmentsOfLast } = estimatePacks(count, stored, settings);
        expect(segmentsOfFull).to.be.within(1, 8);
        expect(segmentsOfLast).to.be.within(1, segmentsOfFull);
      }),
    );
  });
});
