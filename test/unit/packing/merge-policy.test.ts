import { expect } from "chai";
import type { StoredPack } from "../../../src/catalog/catalog.js";
import type { Fid } from "../../../src/model/hash.js";
import { SEGMENT_SIZE } from "../../../src/model/sizes.js";
import { packsToMerge, type MergeSettings } from "../../../src/packing/merge-policy.js";

const settings: MergeSettings = { capacity: 8 * SEGMENT_SIZE, budget: 1, keep: 4 };
/** A pack of so many segments, so much of them (in segments) needed. */
const pack = (segments: number, live: number): StoredPack => ({
  file: `${segments} ${live}`,
  fid: "f" as Fid,
  owner: "anna",
  territory: "land",
  packed: "plain",
  segments,
  size: segments * SEGMENT_SIZE,
  liveBytes: live * SEGMENT_SIZE,
});
const chosen = (packs: readonly StoredPack[], queued = 0, more: Partial<MergeSettings> = {}) =>
  packsToMerge(packs, queued * SEGMENT_SIZE, { ...settings, ...more }).map(({ file }) => file);

describe("Which packs are merged", () => {
  it("is none while there are few of one segment", () => {
    expect(chosen([])).to.deep.equal([]);
    expect(chosen([pack(1, 0.1), pack(1, 0.1), pack(1, 0.2), pack(1, 0.4)])).to.deep.equal([]);
  });

  it("is all of them when there is one too many", () => {
    expect(chosen([0.1, 0.1, 0.2, 0.3, 0.3].map((live) => pack(1, live)))).to.have.length(5);
  });

  it("counts the pack that new objects would make, unless they fill half of it", () => {
    const four = [0.1, 0.1, 0.1, 0.1].map((live) => pack(1, live));
    expect(chosen(four, 0.1)).to.have.length(4);
    expect(chosen(four, 0.5)).to.deep.equal([]);
  });

  it("is one of several segments when it is below half with the gaps that may be needed", () => {
    expect(chosen([pack(8, 3.7)])).to.deep.equal(["8 3.7"]);
  });

  it("never is a pack that would take as many segments as before", () => {
    expect(chosen([pack(1, 0.4)], 0, { keep: 0 })).to.deep.equal([]);
    expect(chosen([pack(2, 0.9)], 0, { keep: 0 })).to.deep.equal(["2 0.9"]);
    expect(chosen([pack(1, 0.4)], 0.5, { keep: 0 }), "new objects leave room for it").to.deep.equal(["1 0.4"]);
  });

  it("never is a pack that may take as many segments as before, with gaps between its objects", () => {
    expect(chosen([pack(2, 0.99)])).to.deep.equal([]);
    expect(chosen([pack(1, 0.49), pack(1, 0.49)], 0, { keep: 0 })).to.deep.equal([]);
  });

  it("sends no more than the budget allows for what becomes free, if need be by merging fewer", () => {
    const five = [0.45, 0.45, 0.45, 0.45, 0.45].map((live) => pack(1, live));
    // Five would be three segments for two that become free, four two for two.
    expect(chosen(five)).to.have.length(4);
    expect(chosen(five, 0, { budget: 1.5 })).to.have.length(5);
    expect(chosen(five, 0, { budget: 0.4 })).to.deep.equal([]);
    expect(chosen([pack(8, 3.7)], 0, { budget: 0.9 })).to.deep.equal([]);
  });

  it("is never more than fits into one pack", () => {
    const many = Array.from({ length: 40 }, () => pack(1, 0.4));
    const live = chosen(many, 2).length * 0.4;
    expect(live).to.be.greaterThan(5).and.at.most(6);
  });

  it("is nothing without a budget, unless new objects leave the room anyway", () => {
    expect(chosen([pack(8, 1)], 0, { budget: 0 })).to.deep.equal([]);
    expect(chosen([pack(8, 0.2)], 1.5, { budget: 0 })).to.deep.equal(["8 0.2"]);
  });
});
