import { expect } from "chai";
import { MemoryNonces } from "../../../../src/network/chain/nonces.js";

describe("Nonces in memory", () => {
  it("asks the chain first, then counts by itself", async () => {
    const nonces = new MemoryNonces();
    expect(nonces.unknown).to.equal(true);
    expect(await nonces.take(7)).to.equal(7);
    expect(nonces.unknown).to.equal(false);
    expect([await nonces.take(undefined), await nonces.take(undefined)]).to.deep.equal([8, 9]);
  });

  it("asks the chain again when nothing is on its way", async () => {
    const nonces = new MemoryNonces();
    nonces.spent(await nonces.take(7));
    expect(nonces.unknown).to.equal(true);
    expect(await nonces.take(12)).to.equal(12);
  });

  it("fills the hole of a lost extrinsic before it counts on", async () => {
    const nonces = new MemoryNonces();
    const [first, second] = [await nonces.take(3), await nonces.take(undefined)];
    await nonces.release(first);
    expect(second).to.equal(4);
    expect([await nonces.take(undefined), await nonces.take(undefined)]).to.deep.equal([3, 5]);
  });

  it("takes the last nonce again when just that was lost", async () => {
    const nonces = new MemoryNonces();
    await nonces.take(3);
    await nonces.release(await nonces.take(undefined));
    expect(await nonces.take(undefined)).to.equal(4);
    expect(await nonces.take(undefined)).to.equal(5);
  });

  it("never gives out a nonce that is on its way, whatever the chain says", async () => {
    const nonces = new MemoryNonces();
    await nonces.take(3);
    await nonces.take(undefined);
    nonces.forget();
    expect(await nonces.take(3)).to.equal(5);
  });

  it("refuses to begin without the chain's answer", async () => {
    const error: unknown = await new MemoryNonces().take(undefined).catch((thrown: unknown) => thrown);
    expect((error as Error).message).to.match(/asked for the first nonce/);
  });
});
