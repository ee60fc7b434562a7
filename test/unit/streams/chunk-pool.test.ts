import { expect } from "chai";
import { ChunkPool } from "../../../src/streams/chunk-pool.js";

describe("A chunk pool", () => {
  it("lends a buffer again that was given back, also as a view of it", () => {
    const pool = new ChunkPool(1000, 2);
    const first = pool.take();
    pool.giveBack(first.subarray(0, 10));
    expect(pool.take().buffer).to.equal(first.buffer);
    expect(pool.take().buffer).not.to.equal(first.buffer);
  });

  it("never lends a buffer to two, however often it is given back", () => {
    const pool = new ChunkPool(1000, 5);
    const first = pool.take();
    pool.giveBack(first);
    pool.giveBack(first);
    expect(pool.take().buffer).not.to.equal(pool.take().buffer);
  });

  it("takes nothing that it did not lend, and keeps no more than it may", () => {
    const pool = new ChunkPool(1000, 1);
    pool.giveBack(Buffer.alloc(1000));
    const [first, second] = [pool.take(), pool.take()];
    pool.giveBack(first);
    pool.giveBack(second);
    expect(pool.take().buffer).to.equal(first.buffer);
    expect(pool.take().buffer).not.to.equal(second.buffer);
  });
});
