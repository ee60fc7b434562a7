import { expect } from "chai";
import { CatalogFixture, refusal, type OpenCatalog } from "./catalog-fixture.js";

const tag = (value: string) => ({ key: "k", value });
const lifecycle = { rules: [], transitionDefaultMinimumObjectSize: "all_storage_classes_128K" };

export function configurationsContract(open: OpenCatalog): void {
  describe("configurations", () => {
    const on = CatalogFixture.forEach(open);

    it("keeps one document for each sub-resource of a bucket", async () => {
      const { configurations } = on.catalog;
      expect(await configurations.get("box", "tagging")).to.equal(undefined);
      await configurations.put("box", "tagging", [tag("first")]);
      await configurations.put("box", "tagging", [tag("second")]);
      await configurations.put("box", "requestPayment", "Requester");
      expect(await configurations.get("box", "tagging")).to.deep.equal([tag("second")]);
      const all = (await configurations.all("box"))!;
      expect(all.get("tagging")).to.deep.equal([tag("second")]);
      expect(all.get("requestPayment")).to.equal("Requester");
      await configurations.delete("box", "tagging");
      await configurations.delete("box", "tagging");
      const left = (await configurations.all("box"))!;
      expect([left.get("tagging"), left.get("requestPayment")]).to.deep.equal([undefined, "Requester"]);
      expect(await configurations.all("nowhere")).to.equal(undefined);
    });

    it("shows a change to everybody once it is made, however many were reading meanwhile", async () => {
      const { configurations, buckets } = on.catalog;
      for (let turn = 0; turn < 20; turn++) {
        const reading = Array.from({ length: 10 }, async () => {
          await buckets.get("box");
          return configurations.get("box", "tagging");
        });
        await Promise.all([
          configurations.put("box", "tagging", [tag(String(turn))]),
          configurations.put("box", "versioning", turn % 2 === 0 ? "Enabled" : "Suspended"),
          ...reading,
        ]);
        expect(await configurations.get("box", "tagging")).to.deep.equal([tag(String(turn))]);
        expect((await buckets.get("box"))?.versioning).to.equal(turn % 2 === 0 ? "Enabled" : "Suspended");
      }
    });

    it("names the buckets where one is set", async () => {
      const { buckets, configurations } = on.catalog;
      for (const name of ["attic", "mill"]) await buckets.create({ name, owner: "bert", region: "us-east-1" });
      await configurations.put("mill", "lifecycle", lifecycle);
      await configurations.put("attic", "lifecycle", lifecycle);
      await configurations.put("box", "cors", []);
      expect(await configurations.bucketsWith("lifecycle")).to.deep.equal(["attic", "mill"]);
    });

    it("refuses a bucket that is missing, and forgets all with the bucket", async () => {
      const { buckets, configurations } = on.catalog;
      await refusal(configurations.put("nowhere", "cors", []), "noBucket");
      await configurations.put("box", "cors", []);
      await buckets.delete("box");
      await buckets.create({ name: "box", owner: "bert", region: "us-east-1" });
      expect(await configurations.get("box", "cors")).to.equal(undefined);
    });
  });
}
