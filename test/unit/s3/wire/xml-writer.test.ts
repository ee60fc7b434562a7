import { expect } from "chai";
import fc from "fast-check";
import { writeElement } from "../../../../src/s3/wire/xml-writer.js";

describe("The XML writer", () => {
  it("writes times as S3 does, also of neighbours and of the years before 1970", () => {
    const document = { root: "R", fields: [{ element: "At", type: "timestamp", list: true }] } as const;
    const times = fc.tuple(
      fc.date({ noInvalidDate: true, min: new Date("1901-01-01"), max: new Date("2999-01-01") }),
      fc.array(fc.integer({ min: -200_000, max: 200_000 }), { maxLength: 20 }),
    );
    fc.assert(
      fc.property(times, ([first, steps]) => {
        const dates = [first, ...steps.map((step) => new Date(first.getTime() + step))];
        const written = [...writeElement(document, { At: dates }).matchAll(/<At>([^<]*)<\/At>/g)].map(
          ([, text]) => text,
        );
        expect(written).to.deep.equal(dates.map((date) => date.toISOString()));
      }),
    );
  });
});
