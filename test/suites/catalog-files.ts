import { expect } from "chai";
import type { Placement } from "../../src/catalog/catalog.js";
import type { DataKey } from "../../src/model/file.js";
import type { CessAccount } from "../../src/model/account.js";
import { SEGMENT_SIZE } from "../../src/model/sizes.js";
import { CatalogFixture, file, hash, segment, slice, type OpenCatalog } from "./catalog-fixture.js";

export function filesContract(open: OpenCatalog): void {
  describe("files", () => {
    const on = CatalogFixture.forEach(open);
    const state = async (id: string) => (await on.catalog.files.get(id))?.state;
    const jobs = () => on.catalog.jobs.count();

    it("gives a file back with every hash, for its row and for retrieval", async () => {
      const segments = Array.from({ length: 3 }, (_, index) => segment(`s${index}`));
      const {
        version: { id },
      } = await on.put("key", "bytes");
      const format = { name: "cess-cbc", cipher: "ü" } as const;
      const made = file("content", [slice("bytes", 3), { ...slice("bytes", 2), offset: 3 }], {
        segments,
        format,
        size: 77,
      });
      await on.catalog.objects.attach(id, [made]);
      const [extent] = await on.catalog.objects.extents(id);
      expect(await on.catalog.files.get(extent!.file)).to.deep.equal({
        ...made,
        id: extent!.file,
        owner: "anna",
        state: "encoded",
        reports: 0,
        layout: "own-file",
        needed: true,
      });
      expect(await on.catalog.files.manifest(extent!.file)).to.deep.equal({ fid: made.fid, format, segments });
      expect(await on.catalog.files.manifest("999999")).to.equal(undefined);
      expect(await on.catalog.files.get("999999")).to.equal(undefined);
    });

    it("takes the bytes of another version with their size, and keeps its own where it has them", async () => {
      const [short, long] = [await on.put("short", "short"), await on.put("long", "long")];
      await on.catalog.objects.attach(short.version.id, [file("padded", [slice("short", 3)], { size: 3 })]);
      await on.catalog.objects.attach(long.version.id, [file("padded", [slice("long", 5)], { size: 5 })]);
      const [extent] = await on.catalog.objects.extents(short.version.id);
      expect(await on.catalog.objects.extents(long.version.id)).to.deep.equal([{ ...extent, length: 5 }]);
      expect(await on.catalog.files.get(extent!.file)).to.deep.include({ size: 3, blobs: [slice("short", 3)] });
      await on.catalog.files.stored(extent!.file);
      await on.catalog.objects.delete("box", "short");
      await on.catalog.objects.delete("box", "long");
      expect(await on.catalog.files.beginDelete(extent!.file)).to.equal(true);
      const again = await on.put("again", "again");
      await on.catalog.objects.attach(again.version.id, [file("padded", [slice("again", 4)], { size: 4 })]);
      expect(await on.catalog.files.get(extent!.file)).to.deep.include({ size: 4, blobs: [slice("again", 4)] });
    });

    it("refuses to be in two formats for one owner", async () => {
      const [plain, sealed] = [await on.put("plain", "plain"), await on.put("sealed", "sealed")];
      await on.catalog.objects.attach(plain.version.id, [file("same", [slice("plain")])]);
      const attached = on.catalog.objects.attach(sealed.version.id, [
        file("same", [slice("sealed")], { format: { name: "cess-cbc", cipher: "x" } }),
      ]);
      expect(
        await attached.then(
          () => "attached",
          (error: unknown) => String(error),
        ),
      ).to.match(/in another format/);
      expect(await on.catalog.objects.blobs(sealed.version.id), "nothing is lost").to.have.length(1);
    });

    it("keeps an encrypted file's data key while it is on its way, and drops it with the staged bytes", async () => {
      const format = { name: "aes-256-gcm", key: "5e".repeat(32) as DataKey, first: 3 } as const;
      for (const key of ["stored", "failed"]) {
        const {
          version: { id },
        } = await on.put(key, `blob of ${key}`, { format });
        expect((await on.catalog.jobs.lease(["encode"], 1, 1000))[0]?.format, "the job's").to.deep.equal(format);
        await on.catalog.objects.attach(id, [file(key, [slice(`blob of ${key}`)], { format })]);
        const row = (await on.catalog.objects.extents(id))[0]!;
        await on.catalog.files.advance(row.file, "placed", 12);
        expect((await on.catalog.files.get(row.file))?.format).to.deep.equal(format);
        if (key === "failed") await on.catalog.files.failed(row.file, "refused");
        else await on.catalog.files.stored(row.file);
        const left = key === "failed" ? format : { name: "aes-256-gcm", first: 3 };
        expect((await on.catalog.files.get(row.file))?.format, key).to.deep.equal(left);
        expect((await on.catalog.files.manifest(row.file))?.format, key).to.deep.equal({
          name: "aes-256-gcm",
          first: 3,
        });
      }
    });

    it("advances, and goes back only to encoded", async () => {
      const { file: id } = await on.putEncoded("key");
      await on.catalog.files.advance(id, "placed", 4);
      await on.catalog.files.advance(id, "declared", 0);
      expect(await on.catalog.files.get(id)).to.include({ state: "placed", reports: 4 });
      await on.catalog.files.advance(id, "placed", 11);
      expect(await on.catalog.files.get(id)).to.include({ state: "placed", reports: 11 });
      await on.catalog.files.advance(id, "encoded", 0);
      expect(await on.catalog.files.get(id)).to.include({ state: "encoded", reports: 0 });
      await on.catalog.files.stored(id);
      await on.catalog.files.advance(id, "encoded", 0);
      expect(await state(id)).to.equal("stored");
    });

    it("remembers what was signed until it is settled", async () => {
      const { file: id } = await on.putEncoded("key");
      await on.catalog.files.markSigned(id, { nonce: 0, untilBlock: 64 });
      expect((await on.catalog.files.get(id))?.signed).to.deep.equal({ nonce: 0, untilBlock: 64 });
      await on.catalog.files.markSigned(id, undefined);
      expect((await on.catalog.files.get(id))?.signed).to.equal(undefined);
    });

    it("lets staging go when stored, and says so to every version of it", async () => {
      const first = await on.putEncoded("first", "same");
      await on.putEncoded("second", "same");
      expect([...(await on.catalog.files.stored(first.file)).orphans].sort()).to.deep.equal([
        "blob of first",
        "blob of second",
      ]);
      expect((await on.catalog.objects.get("box", "second"))?.durability).to.deep.equal({
        state: "stored",
        reports: 12,
        fid: hash("fid same"),
        chargedBytes: 3 * SEGMENT_SIZE,
      });
      expect(await jobs()).to.deep.equal({ encode: 0, store: 0, delete: 0 });
      expect(await on.catalog.files.stored(first.file)).to.deep.equal({ orphans: [] });
    });

    it("keeps the bytes of a file whose version is deleted while its deal is pending, then deletes it on chain", async () => {
      const { file: id } = await on.putEncoded("key");
      await on.catalog.files.advance(id, "declared", 0);
      expect((await on.catalog.objects.delete("box", "key")).orphans).to.deep.equal([]);
      expect(await jobs()).to.deep.equal({ encode: 0, store: 1, delete: 0 });
      expect((await on.catalog.files.stored(id)).orphans).to.deep.equal(["blob of key"]);
      expect(await jobs()).to.deep.equal({ encode: 0, store: 0, delete: 1 });
      expect(await on.catalog.files.beginDelete(id)).to.equal(true);
      expect(await on.catalog.files.beginDelete(id), "again after a crash").to.equal(true);
      await on.catalog.files.deleted(id);
      expect(await on.catalog.files.get(id)).to.equal(undefined);
      expect(await jobs()).to.deep.equal({ encode: 0, store: 0, delete: 0 });
    });

    it("keeps the blocks of orders, and for whom a file was deleted when its row is gone", async () => {
      const { file: id } = await on.putStored("key");
      const { fid } = (await on.catalog.files.get(id))!;
      const { receipts } = on.catalog;
      expect(await receipts.blocks(id)).to.deep.equal({});
      await receipts.declaredIn(id, 7);
      expect(await receipts.blocks(id)).to.deep.equal({ declared: 7 });
      await on.catalog.objects.delete("box", "key");
      await on.catalog.files.beginDelete(id);
      await receipts.deletedIn(id, 9);
      expect(await receipts.deletions(fid)).to.deep.equal([]);
      const account = "cXowner" as CessAccount;
      await on.catalog.files.deleted(id, account);
      expect(await on.catalog.files.get(id)).to.equal(undefined);
      expect(await receipts.deletions(fid)).to.deep.equal([{ account, block: 9, at: on.clock.time }]);
      // The same file again, and its deletion that nobody saw: the last one counts.
      const again = await on.putStored("key");
      expect(await receipts.blocks(again.file)).to.deep.equal({});
      await on.catalog.objects.delete("box", "key");
      await on.catalog.files.beginDelete(again.file);
      on.clock.time += 1000;
      await on.catalog.files.deleted(again.file, account);
      expect(await receipts.deletions(fid)).to.deep.equal([{ account, at: on.clock.time }]);
      // Two years later another one's deletion makes room.
      on.clock.time += 2 * 366 * 86_400_000;
      const other = await on.putStored("other");
      await on.catalog.objects.delete("box", "other");
      await on.catalog.files.beginDelete(other.file);
      await on.catalog.files.deleted(other.file, account);
      expect(await receipts.deletions(fid)).to.deep.equal([]);
    });

    it("makes the store job of a pending file due when its last version goes", async () => {
      await on.putEncoded("key");
      const [job] = await on.catalog.jobs.lease(["store"], 1, 1000);
      await on.catalog.jobs.release(job!, on.clock.time + 60_000);
      await on.catalog.objects.delete("box", "key");
      expect(await on.catalog.jobs.nextDue()).to.equal(on.clock.time);
    });

    it("does not delete a file that is needed again", async () => {
      const { file: id } = await on.putStored("key", "same");
      await on.catalog.objects.delete("box", "key");
      expect((await jobs()).delete).to.equal(1);
      await on.putEncoded("again", "same");
      expect(await on.catalog.files.beginDelete(id)).to.equal(false);
      expect(await state(id)).to.equal("stored");
      expect(await jobs()).to.deep.equal({ encode: 0, store: 0, delete: 0 });
    });

    it("stores a file anew that came to be needed while it was being deleted", async () => {
      const { file: id } = await on.putStored("key", "same");
      await on.catalog.objects.delete("box", "key");
      await on.catalog.files.beginDelete(id);
      const again = await on.putEncoded("again", "same");
      expect(again.file).to.equal(id);
      expect(await on.catalog.objects.byId(again.id)).to.have.nested.property("durability.state", "encoded");
      expect(await on.catalog.files.stored(id), "what the chain lists in between proves nothing").to.deep.equal({
        orphans: [],
      });
      expect(await state(id)).to.equal("deleting");
      await on.catalog.files.deleted(id);
      expect(await on.catalog.files.get(id)).to.deep.include({
        state: "encoded",
        layout: "own-file",
        needed: true,
        blobs: [slice("blob of again")],
      });
      expect(await jobs()).to.deep.equal({ encode: 0, store: 1, delete: 0 });
    });

    it("goes back to encoded when a deletion is given up because the file is needed again", async () => {
      const { file: id } = await on.putStored("key", "same");
      await on.catalog.objects.delete("box", "key");
      await on.catalog.files.beginDelete(id);
      await on.putEncoded("again", "same");
      expect(await on.catalog.files.beginDelete(id)).to.equal(false);
      expect(await state(id)).to.equal("encoded");
      expect(await jobs()).to.deep.equal({ encode: 0, store: 1, delete: 0 });
    });

    it("keeps no bytes and no store job for an object that needed it during its deletion and is gone before the end", async () => {
      const { file: id } = await on.putStored("key", "same");
      await on.catalog.objects.delete("box", "key");
      await on.catalog.files.beginDelete(id);
      await on.putEncoded("again", "same");
      const { orphans } = await on.catalog.objects.delete("box", "again");
      expect(orphans).to.deep.equal([slice("blob of again").blob]);
      expect(await on.catalog.files.get(id)).to.deep.include({ state: "deleting", needed: false, blobs: [] });
      expect(await jobs()).to.deep.equal({ encode: 0, store: 0, delete: 1 });
      await on.putEncoded("third", "same");
      await on.catalog.files.deleted(id);
      expect(await on.catalog.files.get(id)).to.deep.include({ state: "encoded", blobs: [slice("blob of third")] });
      expect(await jobs()).to.deep.equal({ encode: 0, store: 1, delete: 0 });
    });

    it("keeps a refused file's bytes readable, with the reason, and tries again when told to", async () => {
      const { id: version, file: id } = await on.putEncoded("key");
      await on.catalog.files.failed(id, "territory frozen");
      expect((await on.catalog.objects.byId(version))?.durability).to.deep.equal({
        state: "encoded",
        reports: 0,
        fid: hash("fid key"),
        failure: "territory frozen",
        chargedBytes: 3 * SEGMENT_SIZE,
      });
      expect(await on.catalog.objects.blobs(version)).to.have.length(1);
      expect((await jobs()).store).to.equal(0);
      await on.catalog.files.retry(id);
      expect(await on.catalog.files.get(id))
        .to.include({ state: "encoded" })
        .and.not.to.have.property("failure");
      expect((await jobs()).store).to.equal(1);
      await on.catalog.files.stored(id);
      await on.catalog.files.retry(id);
      await on.catalog.files.failed(id, "too late");
      expect(await state(id)).to.equal("stored");
    });

    it("revives a refused file when the same content is put again", async () => {
      const { file: id } = await on.putEncoded("key", "same");
      await on.catalog.files.failed(id, "refused");
      await on.putEncoded("again", "same");
      expect(await state(id)).to.equal("encoded");
      expect((await jobs()).store).to.equal(1);
    });

    it("drops a refused file that the chain never knew with its last version, bytes and all", async () => {
      const { file: id } = await on.putEncoded("key");
      await on.catalog.files.failed(id, "refused");
      expect((await on.catalog.objects.delete("box", "key")).orphans).to.deep.equal(["blob of key"]);
      expect(await on.catalog.files.get(id)).to.equal(undefined);
    });

    it("leaves a refused file that was declared to a delete job", async () => {
      const { file: id } = await on.putEncoded("key");
      await on.catalog.files.advance(id, "declared", 0);
      await on.catalog.files.failed(id, "jammed");
      expect((await on.catalog.objects.delete("box", "key")).orphans).to.deep.equal(["blob of key"]);
      expect((await jobs()).delete).to.equal(1);
      expect(await on.catalog.files.beginDelete(id)).to.equal(true);
      await on.catalog.files.deleted(id);
      expect(await on.catalog.files.get(id)).to.equal(undefined);
    });

    it("discards what nothing references and was never declared, and nothing else", async () => {
      const { file: id } = await on.putEncoded("key");
      expect(await on.catalog.files.discard(id)).to.deep.equal({ discarded: false, orphans: [] });
      await on.catalog.objects.delete("box", "key");
      await on.catalog.files.markSigned(id, { nonce: 1, untilBlock: 2 });
      expect((await on.catalog.files.discard(id)).discarded, "a declaration may be on its way").to.equal(false);
      await on.catalog.files.markSigned(id, undefined);
      await on.catalog.files.advance(id, "declared", 0);
      expect((await on.catalog.files.discard(id)).discarded).to.equal(false);
      await on.catalog.files.advance(id, "encoded", 0);
      expect(await on.catalog.files.discard(id)).to.deep.equal({ discarded: true, orphans: ["blob of key"] });
      expect(await jobs()).to.deep.equal({ encode: 0, store: 0, delete: 0 });
    });

    it("replaces placements as a whole and forgets them with the file", async () => {
      const { file: id } = await on.putEncoded("key");
      const placements = Array.from({ length: 12 }, (_, index): Placement => ({
        index,
        node: `node${index}`,
        state: "assigned",
        since: index,
      }));
      await on.catalog.files.savePlacements(id, placements);
      const changed = placements.map((placement): Placement => ({ ...placement, state: "sent", since: 99 }));
      await on.catalog.files.savePlacements(id, changed);
      expect(await on.catalog.files.placements(id)).to.deep.equal(changed);
      await on.catalog.objects.delete("box", "key");
      await on.catalog.files.discard(id);
      expect(await on.catalog.files.placements(id)).to.deep.equal([]);
      await on.catalog.files.savePlacements(id, changed);
      expect(await on.catalog.files.placements(id)).to.deep.equal([]);
    });

    it("counts files by state", async () => {
      await on.putStored("a");
      await on.putEncoded("b");
      const { file: c } = await on.putEncoded("c");
      await on.catalog.files.failed(c, "no");
      expect(await on.catalog.files.countByState()).to.deep.equal({
        encoded: 1,
        declared: 0,
        placed: 0,
        stored: 1,
        failed: 1,
        deleting: 0,
      });
    });
  });
}
