import { expect } from "chai";
import { Nonces } from "../../../../src/network/chain/nonces.js";

describe("Nonces", () => {
  it("asks the chain first, then counts by itself", () => {
    const nonces = new Nonces();
    expect(nonces.unknown).to.equal(true);
    expect(nonces.take(7)).to.equal(7);
    expect(nonces.unknown).to.equal(false);
    expect([nonces.take(undefined), nonces.take(undefined)]).to.deep.equal([8, 9]);
  });

  it("asks the chain again when nothing is on its way", () => {
    const nonces = new Nonces();
    nonces.spent(nonces.take(7));
    expect(nonces.unknown).to.equal(true);
    expect(nonces.take(12)).to.equal(12);
  });

  it("fills the hole of a lost extrinsic before it counts on", () => {
    const nonces = new Nonces();
    const [first, second] = [nonces.take(3), nonces.take(undefined)];
    nonces.release(first);
    expect(second).to.equal(4);
    expect([nonces.take(undefined), nonces.take(undefined)]).to.deep.equal([3, 5]);
  });

  it("takes the last nonce again when just that was lost", () => {
    const nonces = new Nonces();
    nonces.take(3);
    nonces.release(nonces.take(undefined));
    expect(nonces.take(undefined)).to.equal(4);
    expect(nonces.take(undefined)).to.equal(5);
  });

  it("never gives out a nonce that is on its way, whatever the chain says", () => {
    const nonces = new Nonces();
    nonces.take(3);
    nonces.take(undefined);
    nonces.forget();
    expect(nonces.take(3)).to.equal(5);
  });

  it("refuses to begin without the chain's answer", () => {
    expect(() => new Nonces().take(undefined)).to.throw(/asked for the first nonce/);
  });
});
