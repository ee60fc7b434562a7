import { expect } from "chai";
import { ageText, bytesText, countsText, durationText, plainText, tableText } from "../../../src/cli/text.js";

describe("Text for operators", () => {
  it("has sizes and durations in the units that fit", () => {
    expect([0, 1023, 1024, 9.5 * 2 ** 20, 500 * 2 ** 30, 2 ** 60].map(bytesText)).to.deep.equal([
      "0 B",
      "1023 B",
      "1.0 KiB",
      "9.5 MiB",
      "500 GiB",
      "1024 PiB",
    ]);
    expect([-1, 0, 59.4, 60, 3599, 3600, 90_000].map(durationText)).to.deep.equal([
      "0 s",
      "0 s",
      "59 s",
      "1 min",
      "59 min",
      "1 h 0 min",
      "1 d 1 h",
    ]);
    expect(ageText("2026-01-01T00:00:00.000Z", Date.parse("2026-01-01T00:05:00.000Z"))).to.equal("5 min");
  });

  it("has counts that are not 0, and rows in columns without spaces at their ends", () => {
    expect(countsText({ a: 1, b: 0, c: 2 })).to.equal("a 1, c 2");
    expect(countsText({ a: 0 })).to.equal("none");
    expect(
      tableText([
        ["a", "bb", ""],
        ["ccc", "d", "e"],
      ]),
    ).to.equal("a    bb\nccc  d   e");
  });

  it("shows control characters of keys instead of sending them to the terminal", () => {
    expect(plainText("a\u001b]0;x\u0007é")).to.equal("a\\x1b]0;x\\x07é");
  });
});
