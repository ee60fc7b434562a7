import { expect } from "chai";
import type { Hash } from "../../../../src/model/hash.js";
import { hashArgument } from "../../../../src/network/chain/codec.js";

describe("What is sent to the chain", () => {
  it("sends a hash as 64 lower-case hexadecimal digits and nothing else", () => {
    const hash = "0123456789abcdef".repeat(4);
    expect(hashArgument(hash as Hash)).to.equal(`0x${Buffer.from(hash, "latin1").toString("hex")}`);
    for (const wrong of [hash.toUpperCase(), `${hash}0`, hash.slice(1), `${hash.slice(1)}g`, ""]) {
      expect(() => hashArgument(wrong as Hash), wrong).to.throw(RangeError, /not a hash/);
    }
  });
});
