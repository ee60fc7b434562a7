import { expect } from "chai";
import { CatalogFixture, refusal, type OpenCatalog } from "./catalog-fixture.js";

export function configurationsContract(open: OpenCatalog): void {
  describe("configurations", () => {
    const on = CatalogFixture.forEach(open);

    it("keeps one document for each sub-resource of a bucket", async () => {
      const { configurations } = on.catalog;
      expect(await configurations.get("box", "policy")).to.equal(undefined);
      await configurations.put("box", "policy", "first");
      await configurations.put("box", "policy", "second");
      await configurations.put("box", "cors", "<rules/>");
      expect(await configurations.get("box", "policy")).to.equal("second");
      expect([...(await configurations.all("box"))]).to.have.deep.members([
        ["cors", "<rules/>"],
        ["policy", "second"],
      ]);
      await configurations.delete("box", "policy");
      await configurations.delete("box", "policy");
      expect([...(await configurations.all("box")).keys()]).to.deep.equal(["cors"]);
    });

    it("shows a change to everybody once it is made, however many were reading meanwhile", async () => {
      const { configurations, buckets } = on.catalog;
      for (let turn = 0; turn < 20; turn++) {
        const reading = Array.from({ length: 10 }, async () => {
          await buckets.get("box");
          return configurations.get("box", "policy");
        });
        await Promise.all([
          configurations.put("box", "policy", String(turn)),
          configurations.put("box", "versioning", turn % 2 === 0 ? "Enabled" : "Suspended"),
          ...reading,
        ]);
        expect(await configurations.get("box", "policy")).to.equal(String(turn));
        expect((await buckets.get("box"))?.versioning).to.equal(turn % 2 === 0 ? "Enabled" : "Suspended");
      }
    });

    it("names the buckets where one is set", async () => {
      const { buckets, configurations } = on.catalog;
      for (const name of ["attic", "mill"]) await buckets.create({ name, owner: "bert", region: "us-east-1" });
      await configurations.put("mill", "lifecycle", "{}");
      await configurations.put("attic", "lifecycle", "{}");
      await configurations.put("box", "cors", "{}");
      expect(await configurations.bucketsWith("lifecycle")).to.deep.equal(["attic", "mill"]);
    });

    it("refuses a bucket that is missing, and forgets all with the bucket", async () => {
      const { buckets, configurations } = on.catalog;
      await refusal(configurations.put("nowhere", "policy", "{}"), "noBucket");
      await configurations.put("box", "policy", "{}");
      await buckets.delete("box");
      await buckets.create({ name: "box", owner: "bert", region: "us-east-1" });
      expect(await configurations.get("box", "policy")).to.equal(undefined);
    });
  });
}
