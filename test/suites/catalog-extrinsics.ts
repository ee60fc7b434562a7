import { expect } from "chai";
import { CatalogFixture, type OpenCatalog } from "./catalog-fixture.js";

const SIGNED = { bytes: "0x01", untilBlock: 64, block: 10 };

export function extrinsicsContract(open: OpenCatalog): void {
  describe("extrinsics under way", () => {
    const on = CatalogFixture.forEach(open);
    const noncesOf = async (account = "signer") =>
      (await on.catalog.extrinsics.open(account)).map(({ nonce, signed }) => (signed ? nonce : -nonce));

    it("get nonces from the chain's next one on, each once, of each account for itself", async () => {
      const take = (account = "signer", next = 7) => on.catalog.extrinsics.take(account, next, 1000);
      const taken = await Promise.all([take(), take(), take(), take("other")]);
      expect(taken.map(({ nonce }) => nonce).sort()).to.deep.equal([7, 7, 8, 9]);
      expect((await take("signer", 9)).nonce).to.equal(10);
      expect((await take("signer", 20)).nonce).to.equal(20);
    });

    it("get first what was given back, or not signed in time", async () => {
      const { extrinsics } = on.catalog;
      const first = await extrinsics.take("signer", 7, 1000);
      const second = await extrinsics.take("signer", 7, 1000);
      await extrinsics.sign(second.id, SIGNED);
      await extrinsics.drop(first.id);
      const again = await extrinsics.take("signer", 7, 1000);
      expect(again.nonce).to.equal(7);
      on.clock.time += 1000;
      const last = await extrinsics.take("signer", 7, 1000);
      expect(last.nonce).to.equal(7);
      expect(await extrinsics.sign(again.id, SIGNED), "it came too late").to.equal(false);
      expect(await extrinsics.sign(last.id, SIGNED)).to.equal(true);
      on.clock.time += 1000;
      expect((await extrinsics.take("signer", 7, 1000)).nonce, "what is signed is kept").to.equal(9);
    });

    it("are settled by a final block: included, too old, or never signed", async () => {
      const { extrinsics } = on.catalog;
      for (const untilBlock of [64, 64, 20, 64]) {
        const { id } = await extrinsics.take("signer", 5, 1000);
        await extrinsics.sign(id, { ...SIGNED, untilBlock });
      }
      await extrinsics.take("signer", 5, 1000);
      expect(await noncesOf()).to.deep.equal([5, 6, 7, 8, -9]);
      await extrinsics.settle("signer", { block: 19, nonce: 6 });
      expect(await noncesOf()).to.deep.equal([6, 7, 8, -9]);
      on.clock.time += 1000;
      await extrinsics.settle("signer", { block: 20, nonce: 6 });
      expect(await noncesOf()).to.deep.equal([6, 8]);
    });

    it("are given to one who sends them again when they were sent long ago", async () => {
      const { extrinsics } = on.catalog;
      const ids = [];
      for (const bytes of ["0x05", "0x06", "0x07"]) {
        const { id } = await extrinsics.take("signer", 5, 1000);
        ids.push(id);
        await extrinsics.sign(id, { ...SIGNED, bytes });
      }
      await extrinsics.take("signer", 5, 1000);
      const resend = (block: number, except: readonly string[] = []) =>
        extrinsics.resend("signer", { block, before: block - 5, except });
      expect(await resend(15)).to.deep.equal([]);
      expect(await resend(16, [ids[1]!])).to.deep.equal(["0x05", "0x07"]);
      expect(await resend(17)).to.deep.equal(["0x06"]);
      expect(await resend(22)).to.deep.equal(["0x05", "0x07"]);
    });
  });
}
