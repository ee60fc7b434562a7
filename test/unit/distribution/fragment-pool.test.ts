import { expect } from "chai";
import { FragmentPool } from "../../../src/distribution/fragment-pool.js";
import { FRAGMENT_SIZE } from "../../../src/model/sizes.js";

describe("A pool of fragments", () => {
  it("is shared, has the size of a fragment, and is lent again once it is given back", () => {
    const memory = new FragmentPool(2);
    memory.use();
    const [first, second] = memory.take(2);
    expect(first!.buffer).to.be.an.instanceOf(SharedArrayBuffer);
    expect(first).to.have.length(FRAGMENT_SIZE);
    expect(memory.take(1)[0]!.buffer, "both are lent").to.not.be.oneOf([first!.buffer, second!.buffer]);
    memory.giveBack(first!);
    memory.giveBack(first!);
    expect(memory.take(2).filter(({ buffer }) => buffer === first!.buffer)).to.have.length(1);
  });

  it("is freed when the last who uses it has ended, also what comes back later", () => {
    const memory = new FragmentPool(2);
    const ends = [memory.use(), memory.use()];
    const [first, second] = memory.take(2);
    memory.giveBack(first!);
    ends[0]!();
    const [again] = memory.take(1);
    expect(again!.buffer, "one still uses it").to.equal(first!.buffer);
    memory.giveBack(again!);
    ends[1]!();
    memory.giveBack(second!);
    memory.use();
    for (const { buffer } of memory.take(2)) expect(buffer).to.not.be.oneOf([first!.buffer, second!.buffer]);
  });
});
