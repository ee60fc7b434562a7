import { expect } from "chai";
import type { NewTakeOver } from "../../src/catalog/catalog.js";
import { CatalogFixture, file, refusal, version, type OpenCatalog } from "./catalog-fixture.js";

/** Files that become an owner's without bytes. */
export function takeOversContract(open: OpenCatalog): void {
  describe("Catalog: files that are taken over", () => {
    const fixture = CatalogFixture.forEach(open);
    const request = (content: string, key = "theirs"): NewTakeOver => {
      return { owner: "anna", bucket: "box", key, file: file(content, []) };
    };
    const jobs = () => fixture.catalog.jobs.count();

    it("have a row and a job to store them, and are needed although no object has them", async () => {
      const { catalog } = fixture;
      const { id, file: row } = await catalog.takeOvers.begin(request("content"));
      expect(await catalog.files.get(row)).to.include({ state: "encoded", needed: true, owner: "anna" });
      expect((await catalog.files.get(row))?.blobs).to.deep.equal([]);
      expect(await jobs()).to.include({ store: 1, delete: 0 });
      expect(await catalog.takeOvers.progress(id)).to.deep.equal({ state: "encoded", attempts: 0 });
      expect(await catalog.takeOvers.objectOf(row)).to.deep.equal({ bucket: "box", key: "theirs" });
      await catalog.files.stored(row);
      expect(await catalog.takeOvers.progress(id)).to.deep.equal({ state: "stored", attempts: 0 });
      expect(await jobs()).to.include({ store: 0, delete: 0 });
    });

    it("stay when an object has them by then", async () => {
      const { catalog } = fixture;
      const { id, file: row } = await catalog.takeOvers.begin(request("content"));
      await catalog.files.stored(row);
      const { fid } = (await catalog.files.get(row))!;
      const put = await catalog.objects.put(version("theirs"), {
        blobs: [],
        extents: [{ file: row, fid, offset: 0, length: 5 }],
        copied: true,
      });
      expect(put.version.durability).to.include({ state: "stored", fid });
      await catalog.takeOvers.end(id);
      expect(await catalog.files.get(row)).to.include({ state: "stored", needed: true });
      expect(await jobs()).to.include({ delete: 0 });
      expect(await catalog.takeOvers.progress(id)).to.equal(undefined);
      expect(await catalog.takeOvers.objectOf(row)).to.equal(undefined);
    });

    it("are deleted when no object came, and those that were never declared are discarded", async () => {
      const { catalog } = fixture;
      const stored = await catalog.takeOvers.begin(request("one"));
      await catalog.files.stored(stored.file);
      await catalog.takeOvers.end(stored.id);
      expect(await jobs()).to.include({ delete: 1 });
      const waiting = await catalog.takeOvers.begin(request("two"));
      await catalog.takeOvers.end(waiting.id);
      expect(await catalog.files.get(waiting.file)).to.include({ needed: false });
      expect(await catalog.files.discard(waiting.file)).to.include({ discarded: true });
    });

    it("are let go of after a while, those that began before a time and no others", async () => {
      const { catalog, clock } = fixture;
      const old = await catalog.takeOvers.begin(request("one"));
      clock.time += 1_000;
      const young = await catalog.takeOvers.begin(request("two"));
      expect(await catalog.takeOvers.endOlder(clock.time)).to.include({ ended: 1 });
      expect(await catalog.takeOvers.progress(old.id)).to.equal(undefined);
      expect(await catalog.takeOvers.progress(young.id)).to.include({ state: "encoded" });
    });

    it("are one row for all that take the same file over, needed until the last has ended", async () => {
      const { catalog } = fixture;
      const one = await catalog.takeOvers.begin(request("content"));
      const other = await catalog.takeOvers.begin(request("content", "again"));
      expect(other.file).to.equal(one.file);
      await catalog.takeOvers.end(one.id);
      expect(await catalog.files.get(one.file)).to.include({ needed: true });
      await catalog.takeOvers.end(other.id);
      expect(await catalog.files.get(one.file)).to.include({ needed: false });
    });

    it("need nothing when the owner has stored the file, and revive one that is on its way out", async () => {
      const { catalog } = fixture;
      const { id: versionId, file: row } = await fixture.putStored("mine", "content");
      const taken = await catalog.takeOvers.begin(request("content"));
      expect(taken.file).to.equal(row);
      expect(await jobs()).to.include({ store: 0 });
      await catalog.takeOvers.end(taken.id);
      await catalog.objects.delete("box", "mine");
      expect(versionId).to.be.a("string");
      expect(await catalog.files.beginDelete(row)).to.equal(true);
      const again = await catalog.takeOvers.begin(request("content"));
      expect(await catalog.takeOvers.progress(again.id)).to.include({ state: "deleting" });
      await catalog.files.deleted(row);
      expect(await catalog.takeOvers.progress(again.id)).to.include({ state: "encoded" });
    });

    it("are refused to an owner who has the file in another format", async () => {
      const { catalog } = fixture;
      await catalog.takeOvers.begin(request("content"));
      const { file: plain, ...rest } = request("content");
      const encrypted = { ...rest, file: { ...plain, format: { name: "cess-cbc", cipher: "friends" } as const } };
      await refusal(catalog.takeOvers.begin(encrypted), "fileHeldOtherwise");
    });
  });
}
