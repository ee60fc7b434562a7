import { expect } from "chai";
import fc from "fast-check";
import { slicesWithin } from "../../../src/model/byte-slices.js";

describe("Runs laid end to end", () => {
  it("give for any range the same bytes that the whole has there, and no empty run", () => {
    const runs = fc.array(fc.record({ offset: fc.nat(20), length: fc.nat(20) }), { maxLength: 8 });
    fc.assert(
      fc.property(runs, fc.nat(100), fc.nat(100), (all, a, b) => {
        const named = all.map((run, index) => ({ ...run, index }));
        const bytes = (some: typeof named) =>
          some.flatMap(({ index, offset, length }) => Array.from({ length }, (_, at) => `${index}:${offset + at}`));
        const range = { start: Math.min(a, b), end: Math.max(a, b) };
        const found = slicesWithin(named, range);
        expect(bytes(found)).to.deep.equal(bytes(named).slice(range.start, range.end));
        expect(found.every(({ length }) => length > 0)).to.equal(true);
      }),
    );
  });
});
