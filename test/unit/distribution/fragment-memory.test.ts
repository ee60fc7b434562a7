import { expect } from "chai";
import { FragmentMemory } from "../../../src/distribution/fragment-memory.js";
import { FRAGMENT_SIZE } from "../../../src/model/sizes.js";

describe("Memory of fragments", () => {
  it("is shared, has the size of a fragment, and is lent again once it is given back", () => {
    const memory = new FragmentMemory(2);
    memory.use();
    const [first, second] = memory.take(2);
    expect(first!.buffer).to.be.an.instanceOf(SharedArrayBuffer);
    expect(first).to.have.length(FRAGMENT_SIZE);
    expect(memory.take(1)[0], "both are lent").to.not.be.oneOf([first, second]);
    memory.giveBack(first!);
    memory.giveBack(first!);
    expect(memory.take(2).filter((taken) => taken === first)).to.have.length(1);
  });

  it("takes nothing that it did not lend, and keeps no more than it may", () => {
    const memory = new FragmentMemory(1);
    memory.use();
    const foreign = new Uint8Array(new SharedArrayBuffer(FRAGMENT_SIZE));
    memory.giveBack(foreign);
    const [first, second] = memory.take(2);
    memory.giveBack(first!);
    memory.giveBack(second!);
    const again = memory.take(2);
    expect(again[0]).to.equal(first);
    expect(again[1]).to.not.be.oneOf([second, foreign]);
  });

  it("is freed when the last who uses it has ended, also what comes back later", () => {
    const memory = new FragmentMemory(2);
    const ends = [memory.use(), memory.use()];
    const [first, second] = memory.take(2);
    memory.giveBack(first!);
    ends[0]!();
    expect(memory.take(1)[0], "one still uses it").to.equal(first);
    memory.giveBack(first!);
    ends[1]!();
    memory.giveBack(second!);
    memory.use();
    for (const taken of memory.take(2)) expect(taken).to.not.be.oneOf([first, second]);
  });
});
