import { expect } from "chai";
import { isProblem } from "../../src/model/errors.js";
import { CatalogFixture, file, slice, type OpenCatalog } from "./catalog-fixture.js";

export function sharesContract(open: OpenCatalog): void {
  describe("shares", () => {
    const on = CatalogFixture.forEach(open);
    const shares = () => on.catalog.shares;
    const share = { bucket: "box", recipient: "ab".repeat(32) };
    const snapshot = (number: number) => ({
      number,
      name: `name ${number}`,
      digest: `digest ${number}`,
      readAt: number,
    });
    const order = (number: number) =>
      shares().order(share, snapshot(number), file(`share ${number}`, [slice(`share ${number}`, 5)]), "anna");
    const numbers = async () => (await shares().all()).flatMap((each) => each.snapshots.map(({ number }) => number));

    it("are there until they are removed, and are journaled", async () => {
      expect(await shares().add(share)).to.equal(true);
      expect(await shares().add(share)).to.equal(false);
      const [known, ...more] = await shares().all();
      expect(more).to.deep.equal([]);
      expect(known).to.deep.include({ ...share, owner: "anna", snapshots: [] });
      const { units } = await on.catalog.journal.take(1, undefined, 1000);
      expect(units.map(({ unit, key }) => [unit, key])).to.deep.include(["share", `box/${share.recipient}`]);
      expect(await shares().remove(share)).to.equal(true);
      expect(await shares().remove(share)).to.equal(false);
      expect(await shares().all()).to.deep.equal([]);
      expect(await order(1), "of a share that is gone").to.equal(false);
    });

    it("are of a bucket that there is, and tell when it is gone", async () => {
      const refused = await shares()
        .add({ ...share, bucket: "nowhere" })
        .catch((error: unknown) => error);
      expect(isProblem(refused, "noBucket")).to.equal(true);
      await shares().add(share);
      await on.catalog.buckets.delete("box");
      const [known] = await shares().all();
      expect(known && "owner" in known).to.equal(false);
    });

    it("have snapshots under the names that were given; those that are released are deleted on the chain", async () => {
      await shares().add(share);
      await order(1);
      await order(2);
      expect(await numbers()).to.deep.equal([1, 2]);
      const jobs = await on.catalog.jobs.lease(["store"], 10, 1);
      const files = await Promise.all(jobs.map(({ subject }) => on.catalog.files.get(subject)));
      expect(files.map((each) => each?.chainName)).to.have.members(["name 1", "name 2"]);
      for (const each of files) await on.catalog.files.stored(each!.id);
      await shares().release(share, { below: 2 });
      expect(await numbers()).to.deep.equal([2]);
      const deleted = async () => (await on.catalog.jobs.lease(["delete"], 10, 1)).map(({ subject }) => subject);
      expect(await deleted()).to.deep.equal([files.find((each) => each?.chainName === "name 1")?.id]);
      await shares().remove(share);
      expect(await deleted()).to.deep.equal([files.find((each) => each?.chainName === "name 2")?.id]);
    });

    it("are no part of what journals tell of files", async () => {
      await shares().add(share);
      await order(1);
      const { units } = await on.catalog.journal.take(1, undefined, 1000);
      expect(units.filter(({ unit }) => unit === "file")).to.deep.equal([]);
    });

    it("read the versions and files of one bucket, as journals have them", async () => {
      const { id } = (await on.put("own", "blob of own")).version;
      await on.catalog.buckets.create({ name: "other", owner: "anna", region: "r" });
      await on.put("theirs", "blob of theirs", { bucket: "other" });
      const found = await shares().versions("box", 0, 10);
      expect(found.map(({ key }) => key)).to.deep.equal([Number(id)]);
      expect(await shares().versions("box", Number(id), 10)).to.deep.equal([]);
      expect((await shares().bucket("box")).rows?.["buckets"]?.[0]?.["name"]).to.equal("box");
      expect(await shares().files([])).to.deep.equal([]);
    });
  });
}
