import { expect } from "chai";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import type { Codec } from "../../../src/encoding/codec.js";
import { createCodec } from "../../../src/encoding/fastest-codec.js";
import { ReferenceCodec } from "../../../src/encoding/reference-codec.js";
import { SimdCodec } from "../../../src/encoding/simd-codec.js";

const DATA = [0, 1, 2, 3];
const PARITY = [4, 5, 6, 7, 8, 9, 10, 11];
const STRIP = 1024;

const kernel = readFileSync(new URL("../../../src/encoding/codec.wasm", import.meta.url));

/** The strips `to` that a codec makes of the strips `from`. */
function transform(codec: Codec, from: number[], to: number[], strips: readonly Uint8Array[]): Uint8Array[] {
  const length = strips[0]!.length;
  for (const [i, strip] of strips.entries()) codec.inputs[i]!.set(strip);
  codec.transform(from, to, length);
  return to.map((_, i) => codec.outputs[i]!.slice(0, length));
}

/** All ways to choose `count` of the indexes `from`…11. */
function choices(count: number, from = 0): number[][] {
  if (count === 0) return [[]];
  const result: number[][] = [];
  for (let first = from; first < 12; first++)
    for (const rest of choices(count - 1, first + 1)) result.push([first, ...rest]);
  return result;
}

const strips = fc
  .integer({ min: 1, max: STRIP })
  .chain((length) => fc.tuple(...DATA.map(() => fc.uint8Array({ minLength: length, maxLength: length }))));

describe("The SIMD codec", () => {
  const simd = new SimdCodec(kernel, STRIP);
  const reference = new ReferenceCodec(STRIP);

  it("is the one in use on this machine", () => {
    expect(createCodec()).to.be.instanceOf(SimdCodec);
  });

  it("makes the reference library's parity of random strips of any length", () => {
    fc.assert(
      fc.property(strips, (data) => {
        expect(transform(simd, DATA, PARITY, data)).to.deep.equal(transform(reference, DATA, PARITY, data));
      }),
      { numRuns: 150 },
    );
  });

  it("makes a single fragment as it makes all of them, for every product of two bytes", () => {
    const data = DATA.map((row) => Uint8Array.from({ length: 256 }, (_, i) => (i * (2 * row + 1) + row) & 255));
    const all = transform(simd, DATA, PARITY, data);
    for (const [i, index] of PARITY.entries()) expect(transform(simd, DATA, [index], data)).to.deep.equal([all[i]]);
  });

  it("restores all data fragments from each of the 495 choices of four", () => {
    fc.assert(
      fc.property(strips, (data) => {
        const fragments = [...data, ...transform(reference, DATA, PARITY, data)];
        for (const from of choices(4)) {
          const available = from.map((index) => fragments[index]!);
          expect(transform(simd, from, DATA, available), `from ${from.join()}`).to.deep.equal(data);
        }
      }),
      { numRuns: 3 },
    );
  });

  it("restores from fragments in any order, and makes parity from parity", () => {
    const distinct = fc.shuffledSubarray([...DATA, ...PARITY], { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(strips, distinct, fc.shuffledSubarray([...DATA, ...PARITY], { maxLength: 8 }), (data, from, to) => {
        const fragments = [...data, ...transform(reference, DATA, PARITY, data)];
        const made = transform(
          simd,
          from,
          to,
          from.map((index) => fragments[index]!),
        );
        expect(made).to.deep.equal(to.map((index) => fragments[index]!));
      }),
      { numRuns: 60 },
    );
  });

  it("agrees with the reference library's own reconstruction", () => {
    const data = DATA.map((row) => Uint8Array.from({ length: 100 }, (_, i) => (i * 31 + row * 17) & 255));
    const fragments = [...data, ...transform(reference, DATA, PARITY, data)];
    for (const from of choices(4).filter((_, i) => i % 45 === 0)) {
      const available = from.map((index) => fragments[index]!);
      expect(transform(reference, from, DATA, available), `from ${from.join()}`).to.deep.equal(data);
    }
  });

  it("refuses fewer than four different fragments and indexes that do not exist", () => {
    expect(() => simd.transform([0, 1, 2], DATA, 16)).to.throw(RangeError);
    expect(() => simd.transform([0, 1, 2, 2], DATA, 16)).to.throw(RangeError);
    expect(() => simd.transform([0, 1, 2, 12], DATA, 16)).to.throw(RangeError);
    expect(() => simd.transform(DATA, PARITY, STRIP + 1)).to.throw(RangeError);
  });
});
