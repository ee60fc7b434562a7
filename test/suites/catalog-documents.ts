import { expect } from "chai";
import { CatalogFixture, refusal, type OpenCatalog } from "./catalog-fixture.js";

const tag = (value: string) => ({ key: "k", value });
const lifecycle = { rules: [], transitionDefaultMinimumObjectSize: "all_storage_classes_128K" };

export function documentsContract(open: OpenCatalog): void {
  describe("documents", () => {
    const on = CatalogFixture.forEach(open);

    it("keeps one document for each sub-resource of a bucket", async () => {
      const { documents } = on.catalog;
      expect(await documents.get("box", "tagging")).to.equal(undefined);
      await documents.put("box", "tagging", [tag("first")]);
      await documents.put("box", "tagging", [tag("second")]);
      await documents.put("box", "requestPayment", "Requester");
      expect(await documents.get("box", "tagging")).to.deep.equal([tag("second")]);
      const all = (await documents.all("box"))!;
      expect(all.get("tagging")).to.deep.equal([tag("second")]);
      expect(all.get("requestPayment")).to.equal("Requester");
      await documents.delete("box", "tagging");
      await documents.delete("box", "tagging");
      const left = (await documents.all("box"))!;
      expect([left.get("tagging"), left.get("requestPayment")]).to.deep.equal([undefined, "Requester"]);
      expect(await documents.all("nowhere")).to.equal(undefined);
    });

    it("shows a change to everybody once it is made, however many were reading meanwhile", async () => {
      const { documents, buckets } = on.catalog;
      for (let turn = 0; turn < 20; turn++) {
        const reading = Array.from({ length: 10 }, async () => {
          await buckets.get("box");
          return documents.get("box", "tagging");
        });
        await Promise.all([
          documents.put("box", "tagging", [tag(String(turn))]),
          documents.put("box", "versioning", turn % 2 === 0 ? "Enabled" : "Suspended"),
          ...reading,
        ]);
        expect(await documents.get("box", "tagging")).to.deep.equal([tag(String(turn))]);
        expect((await buckets.get("box"))?.versioning).to.equal(turn % 2 === 0 ? "Enabled" : "Suspended");
      }
    });

    it("names the buckets where one is set", async () => {
      const { buckets, documents } = on.catalog;
      for (const name of ["attic", "mill"]) await buckets.create({ name, owner: "bert", region: "us-east-1" });
      await documents.put("mill", "lifecycle", lifecycle);
      await documents.put("attic", "lifecycle", lifecycle);
      await documents.put("box", "cors", []);
      expect(await documents.bucketsWith("lifecycle")).to.deep.equal(["attic", "mill"]);
    });

    it("refuses a bucket that is missing, and forgets all with the bucket", async () => {
      const { buckets, documents } = on.catalog;
      await refusal(documents.put("nowhere", "cors", []), "noBucket");
      await documents.put("box", "cors", []);
      await buckets.delete("box");
      await buckets.create({ name: "box", owner: "bert", region: "us-east-1" });
      expect(await documents.get("box", "cors")).to.equal(undefined);
    });
  });
}
