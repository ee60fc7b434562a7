import { expect } from "chai";
import { CatalogFixture, type OpenCatalog } from "./catalog-fixture.js";

export function finalBlocksContract(open: OpenCatalog): void {
  describe("final blocks", () => {
    const on = CatalogFixture.forEach(open);

    it("only rise, each chain's by itself", async () => {
      const { finalBlocks } = on.catalog;
      expect(await finalBlocks.raise("0xa", -1)).to.equal(-1);
      expect(await finalBlocks.raise("0xa", 5)).to.equal(5);
      expect(await finalBlocks.raise("0xb", 3)).to.equal(3);
      expect(await finalBlocks.raise("0xa", 4)).to.equal(5);
      expect(await finalBlocks.raise("0xa", -1)).to.equal(5);
      expect(await Promise.all([7, 9, 8].map((number) => finalBlocks.raise("0xa", number)))).to.include(9);
      expect(await finalBlocks.raise("0xa", 0)).to.equal(9);
    });
  });
}
