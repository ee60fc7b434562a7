import { expect } from "chai";
import { expectedCharge, objectCharge } from "../../../src/model/charge.js";
import { CHARGED_PER_SEGMENT, MIB, SEGMENT_SIZE } from "../../../src/model/sizes.js";

describe("What an object is charged", () => {
  it("is 96 MiB for each segment of its own files, and nothing for no bytes", () => {
    expect(objectCharge({ segments: 3 })).to.equal(288 * MIB);
    expect(objectCharge({ segments: 0 })).to.equal(0);
  });

  it("is its share of the live bytes of its pack, and never more than the pack's charge", () => {
    expect(objectCharge({ segments: 2, packed: { stored: 10, live: 40 } })).to.equal(CHARGED_PER_SEGMENT / 2);
    expect(objectCharge({ segments: 1, packed: { stored: 1, live: 3 } })).to.equal(Math.ceil(CHARGED_PER_SEGMENT / 3));
    expect(objectCharge({ segments: 1, packed: { stored: 10, live: 0 } })).to.equal(CHARGED_PER_SEGMENT);
  });

  it("is three times its size while it waits for its pack", () => {
    for (const size of [1, 100_000, 8 * MIB, SEGMENT_SIZE]) expect(expectedCharge(size)).to.equal(3 * size);
  });
});
