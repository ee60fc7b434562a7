import { expect } from "chai";
import { CatalogFixture, refusal, slice, version, type OpenCatalog } from "./catalog-fixture.js";

export function bucketsContract(open: OpenCatalog): void {
  describe("buckets", () => {
    const on = CatalogFixture.forEach(open);

    it("creates a bucket once and returns the one that is there, whoever's it is", async () => {
      const bucket = { name: "new", owner: "anna", region: "us-east-1" };
      expect(await on.catalog.buckets.create(bucket)).to.deep.equal({
        created: true,
        bucket: { ...bucket, createdAt: on.clock.time },
      });
      const first = on.clock.time++;
      expect(await on.catalog.buckets.create({ ...bucket, owner: "bert" })).to.deep.equal({
        created: false,
        bucket: { ...bucket, createdAt: first },
      });
    });

    it("lists an owner's buckets by name", async () => {
      for (const name of ["zoo", "attic", "mill"])
        await on.catalog.buckets.create({ name, owner: "bert", region: "us-east-1" });
      expect((await on.catalog.buckets.list("bert")).map((bucket) => bucket.name)).to.deep.equal([
        "attic",
        "mill",
        "zoo",
      ]);
      expect(await on.catalog.buckets.list("nobody")).to.deep.equal([]);
    });

    it("deletes only what is there and empty", async () => {
      await refusal(on.catalog.buckets.delete("nowhere"), "noBucket");
      await on.put("key");
      await refusal(on.catalog.buckets.delete("box"), "bucketNotEmpty");
      await on.catalog.objects.delete("box", "key");
      await on.catalog.buckets.delete("box");
      expect(await on.catalog.buckets.get("box")).to.equal(undefined);
    });

    it("aborts the open uploads of a bucket that goes, and lets their parts go", async () => {
      await on.catalog.uploads.create({ id: "up", bucket: "box", key: "k", owner: "anna", content: {}, metadata: {} });
      await on.catalog.uploads.putPart("up", { partNumber: 1, size: 5, etag: "e", blob: slice("part").blob });
      expect((await on.catalog.buckets.delete("box")).orphans).to.deep.equal(["part"]);
      expect((await on.catalog.uploads.get("box", "k", "up"))?.state).to.equal("aborted");
    });

    it("refuses objects and uploads in a bucket that is missing", async () => {
      await refusal(on.catalog.objects.put(version("k", { bucket: "nowhere" }), { blobs: [slice("b")] }), "noBucket");
      await refusal(on.catalog.objects.delete("nowhere", "k"), "noBucket");
      await refusal(
        on.catalog.uploads.create({ id: "up", bucket: "nowhere", key: "k", owner: "anna", content: {}, metadata: {} }),
        "noBucket",
      );
      expect(await on.catalog.objects.get("nowhere", "k")).to.equal(undefined);
    });
  });
}
