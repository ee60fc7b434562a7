import { expect } from "chai";
import type { NewPack, PackCatalog, PackedObject } from "../../src/catalog/catalog.js";
import type { SegmentFormat } from "../../src/model/file.js";
import type { Hash } from "../../src/model/hash.js";
import { SEGMENT_SIZE } from "../../src/model/sizes.js";
import { CatalogFixture, file, hash, segment, slice, version, type OpenCatalog } from "./catalog-fixture.js";

export function packsContract(open: OpenCatalog): void {
  describe("packs", () => {
    const on = CatalogFixture.forEach(open);
    const packs = (): PackCatalog => on.catalog.packs;
    const queue = { owner: "anna", format: "plain" } as const;

    const pack = (name: string, more: Partial<NewPack> = {}): NewPack => ({
      ...file(name, [slice(`blob of pack ${name}`, 100)], { size: 100 }),
      owner: "anna",
      packed: "plain",
      ...more,
    });
    const packed = (versions: readonly string[], from = 10): PackedObject[] =>
      versions.map((id, place) => ({
        version: id,
        size: 5,
        offset: from + 10 * place,
        length: 5,
        digest: hash(id),
      }));
    const queued = async (key: string, more = {}) => {
      const written = await on.put(key, `blob of ${key}`, { layout: "pack", ...more });
      return written.version.id;
    };
    /** Objects in one stored pack; returns its row's id. */
    const storedPack = async (name: string, keys: readonly string[]) => {
      const ids = [];
      for (const key of keys) ids.push(await queued(key));
      const { file: row } = await packs().fill(pack(name), { objects: packed(ids), moves: [] });
      await on.catalog.files.stored(row!);
      return row!;
    };
    const live = async (row: string) => (await packs().belowHalf()).find((each) => each.file === row)?.liveBytes;
    const jobs = async () => on.catalog.jobs.count();

    it("makes small objects wait by owner and format, without a job of their own", async () => {
      const key: SegmentFormat = { name: "aes-256-gcm", first: 0, key: "ab".repeat(32) as never };
      const [first, sealed] = [await queued("a"), await queued("b", { format: key })];
      on.clock.time += 5;
      await queued("c");
      const oldest = on.clock.time - 5;
      expect(await packs().queues()).to.have.deep.members([
        { owner: "anna", format: "plain", objects: 2, bytes: 10, oldest },
        { owner: "anna", format: "aes-256-gcm", objects: 1, bytes: 5, oldest },
      ]);
      expect((await packs().queued(queue, 100)).map((each) => [each.version, each.size, each.blobs])).to.deep.include([
        first,
        5,
        [slice("blob of a")],
      ]);
      expect(await packs().queued({ owner: "anna", format: "aes-256-gcm" }, 100)).to.deep.equal([
        { version: sealed, queuedAt: oldest, size: 5, blobs: [slice("blob of b")], format: key },
      ]);
      expect((await jobs()).encode).to.equal(0);
      expect((await on.catalog.objects.get("box", "a"))?.durability).to.deep.equal({
        state: "staged",
        reports: 0,
        chargedBytes: 15,
      });
    });

    it("gives a queue page by page, the oldest first, and a postponed one last", async () => {
      const ids = [await queued("a")];
      on.clock.time += 1;
      for (const key of ["b", "c"]) ids.push(await queued(key));
      const versions = async (limit: number) => {
        const found: string[] = [];
        for (let page = await packs().queued(queue, limit); page.length > 0;) {
          found.push(...page.map((each) => each.version));
          page = await packs().queued(queue, limit, page.at(-1));
        }
        return found;
      };
      for (const limit of [1, 2, 3, 100]) expect(await versions(limit), `${limit} at a time`).to.deep.equal(ids);
      on.clock.time += 1;
      expect(await packs().postpone(ids[0]!)).to.equal(true);
      expect(await packs().postpone("4711")).to.equal(false);
      for (const limit of [1, 2, 100]) expect(await versions(limit)).to.deep.equal([ids[1], ids[2], ids[0]]);
    });

    it("forgets what was deleted or replaced while it waited", async () => {
      await queued("a");
      await queued("b");
      await on.catalog.objects.delete("box", "a");
      await on.put("b", "own", {});
      expect(await packs().queues()).to.deep.equal([]);
    });

    it("links waiting objects to their pack, lets their staged bytes go, and stores the pack by a job", async () => {
      const ids = [await queued("a"), await queued("b")];
      const { file: row, orphans, linked } = await packs().fill(pack("p"), { objects: packed(ids), moves: [] });
      expect([linked, [...orphans].sort()]).to.deep.equal([2, ["blob of a", "blob of b"]]);
      expect(await packs().queues()).to.deep.equal([]);
      const found = (await on.catalog.objects.get("box", "b"))!;
      expect(found.extents).to.deep.equal([
        { file: row, fid: pack("p").fid, offset: 20, length: 5, packed: { length: 5, digest: hash(ids[1]!) } },
      ]);
      expect(found.durability).to.deep.equal({
        state: "encoded",
        reports: 0,
        fid: pack("p").fid,
        extent: { offset: 20, length: 5 },
        chargedBytes: (3 * SEGMENT_SIZE) / 2,
      });
      expect(await packs().blobs(row!)).to.deep.equal([slice("blob of pack p", 100)]);
      expect(await jobs()).to.include({ encode: 0, store: 1, delete: 0 });
      expect((await on.catalog.files.stored(row!)).orphans).to.deep.equal(["blob of pack p"]);
      expect((await on.catalog.objects.get("box", "b"))?.durability.state).to.equal("stored");
      expect(await packs().blobs(row!)).to.deep.equal([]);
    });

    it("fills a pack in several calls, and links nothing once the pack is gone", async () => {
      const ids = [await queued("a"), await queued("b"), await queued("c")];
      const objects = packed(ids);
      const { file: row } = await packs().fill(pack("p"), { objects: objects.slice(0, 1), moves: [] });
      expect(await packs().fill(pack("p"), { objects: objects.slice(1, 2), moves: [] }, row)).to.include({
        file: row,
        linked: 1,
      });
      await on.catalog.objects.delete("box", "a");
      await on.catalog.objects.delete("box", "b");
      expect((await on.catalog.files.discard(row!)).discarded).to.equal(true);
      expect(await packs().fill(pack("p"), { objects: objects.slice(2), moves: [] }, row)).to.include({
        file: undefined,
        linked: 0,
      });
      expect((await packs().queues()).map((each) => each.objects)).to.deep.equal([1]);
      expect((await on.catalog.objects.get("box", "c"))?.durability.state).to.equal("staged");
    });

    it("makes no pack of objects that were all deleted meanwhile", async () => {
      const id = await queued("a");
      await on.catalog.objects.delete("box", "a");
      expect(await packs().fill(pack("p"), { objects: packed([id]), moves: [] })).to.deep.equal({
        file: undefined,
        linked: 0,
        orphans: [],
      });
      expect(await jobs()).to.include({ store: 0 });
    });

    it("counts live bytes down when the last copy of a run goes, and deletes a pack without any", async () => {
      const row = await storedPack("p", ["a", "b"]);
      expect(await on.catalog.files.objectsWith(pack("p").fid), "a pack is no object's").to.deep.equal([]);
      expect(await live(row)).to.equal(10);
      const extents = await on.catalog.objects.extents((await on.catalog.objects.get("box", "a"))!.id);
      await on.catalog.objects.put(version("copy"), { blobs: [], extents, copied: true });
      await on.catalog.objects.delete("box", "a");
      expect(await live(row), "the copy needs it").to.equal(10);
      await on.catalog.objects.put(version("copy"), { blobs: [slice("new")] });
      expect(await live(row)).to.equal(5);
      await on.catalog.objects.put(version("late"), { blobs: [], extents, copied: true });
      expect(await live(row), "live again").to.equal(10);
      for (const key of ["late", "b"]) await on.catalog.objects.delete("box", key);
      expect(await packs().belowHalf()).to.deep.equal([]);
      expect(await jobs()).to.include({ delete: 1 });
    });

    it("copies an object of a pack that is not stored yet without staged bytes of its own", async () => {
      const id = await queued("a");
      const { file: row } = await packs().fill(pack("p"), { objects: packed([id]), moves: [] });
      const extents = await on.catalog.objects.extents(id);
      const { version: copy } = await on.catalog.objects.put(version("copy"), { blobs: [], extents, copied: true });
      expect(copy.durability).to.include({ state: "encoded" });
      await on.catalog.objects.delete("box", "a");
      expect((await on.catalog.files.get(row!))?.needed).to.equal(true);
    });

    it("moves the objects of a merged pack, copies too, when the new pack is stored and not before", async () => {
      const old = await storedPack("old", ["a", "b", "c"]);
      const extents = await on.catalog.objects.extents((await on.catalog.objects.get("box", "a"))!.id);
      await on.catalog.objects.put(version("copy"), { blobs: [], extents, copied: true });
      const runs = await packs().liveRuns(old);
      expect(runs.map(({ offset, length }) => [offset, length])).to.deep.equal([
        [10, 5],
        [20, 5],
        [30, 5],
      ]);
      const moves = runs.map(({ offset, length }) => ({ offset: offset + 40, length, source: { file: old, offset } }));
      const { file: row } = await packs().fill(pack("new"), { objects: [], moves });
      expect((await on.catalog.files.get(row!))?.needed, "although no version has it yet").to.equal(true);
      expect(await packs().belowHalf(), "neither is merged meanwhile").to.deep.equal([]);
      expect(await packs().settleMoves(10, 1000)).to.equal(0);
      await on.catalog.objects.delete("box", "b");
      await on.catalog.files.stored(row!);
      expect(await packs().settleMoves(2, 1000)).to.equal(2);
      expect(await jobs(), "the old pack is needed until all have moved").to.include({ delete: 0 });
      expect(await packs().settleMoves(2, 1000)).to.equal(1);
      expect(await packs().settleMoves(2, 1000)).to.equal(0);
      for (const key of ["a", "copy", "c"]) {
        const found = (await on.catalog.objects.get("box", key))!;
        expect(
          found.extents.map((extent) => [extent.file, extent.fid]),
          key,
        ).to.deep.equal([[row, pack("new").fid]]);
        expect(found.durability.fid).to.equal(pack("new").fid);
      }
      expect(await live(row!)).to.equal(10);
      expect(await jobs()).to.include({ delete: 1 });
      expect(await on.catalog.jobs.lease(["delete"], 1, 1), "not while reads may be under way").to.deep.equal([]);
      on.clock.time += 1000;
      expect((await on.catalog.jobs.lease(["delete"], 1, 1)).map((job) => job.subject)).to.deep.equal([old]);
      expect(await on.catalog.files.beginDelete(old)).to.equal(true);
    });

    it("leaves objects where they are when the network refuses the pack that they were to move to", async () => {
      const old = await storedPack("old", ["a"]);
      const moves = [{ offset: 50, length: 5, source: { file: old, offset: 10 } }];
      const { file: row } = await packs().fill(pack("new"), { objects: [], moves });
      await on.catalog.files.failed(row!, "refused");
      expect(await packs().settleMoves(10, 0)).to.equal(0);
      expect((await on.catalog.objects.get("box", "a"))?.extents[0]?.file).to.equal(old);
      expect(
        (await packs().belowHalf()).map((each) => each.file),
        "it may be merged again",
      ).to.deep.equal([old]);
      expect((await on.catalog.files.discard(row!)).discarded).to.equal(true);
    });

    it("deletes a merged pack all of whose objects went before it was stored", async () => {
      const old = await storedPack("old", ["a"]);
      const moves = [{ offset: 50, length: 5, source: { file: old, offset: 10 } }];
      const { file: row } = await packs().fill(pack("new"), { objects: [], moves });
      await on.catalog.objects.delete("box", "a");
      await on.catalog.files.stored(row!);
      await packs().settleMoves(10, 0);
      expect(await jobs()).to.include({ delete: 2 });
    });

    it("lists stored packs below half of their segments, the emptiest first", async () => {
      const rows = [await storedPack("p", ["a", "b", "c"]), await storedPack("q", ["d"])];
      const half: PackedObject = {
        version: await queued("big"),
        size: 5,
        offset: 0,
        length: SEGMENT_SIZE / 2,
        digest: "0".repeat(64) as Hash,
      };
      const full = await packs().fill(pack("full", { segments: [segment("full")] }), { objects: [half], moves: [] });
      await on.catalog.files.stored(full.file!);
      expect((await packs().belowHalf()).map((each) => [each.file, each.liveBytes])).to.deep.equal([
        [rows[1], 5],
        [rows[0], 15],
      ]);
    });

    it("counts what an account's objects are, what they are charged and what is dead", async () => {
      const row = await storedPack("p", ["a", "b"]);
      await on.catalog.objects.delete("box", "a");
      await queued("waiting");
      await on.putEncoded("own");
      expect(await packs().usage()).to.deep.equal([
        { owner: "anna", objectBytes: 5 + 5 + 5, chargedBytes: 3 * SEGMENT_SIZE, deadBytes: 95 },
      ]);
      expect(await packs().count()).to.deep.equal({ stored: 1 });
      expect((await on.catalog.files.get(row))?.state).to.equal("stored");
    });

    it("charges the objects of a pack with its whole charge, by their share of what is live", async () => {
      const ids = [await queued("a", { size: 10 }), await queued("b"), await queued("c")];
      const sized = packed(ids).map((each, place) => ({ ...each, length: place === 0 ? 20 : 5 }));
      const { file: row } = await packs().fill(pack("p"), { objects: sized, moves: [] });
      await on.catalog.files.stored(row!);
      const charges = async (keys: readonly string[]) =>
        Promise.all(keys.map(async (key) => (await on.catalog.objects.get("box", key))?.durability.chargedBytes ?? 0));
      const whole = (await packs().usage())[0]?.chargedBytes ?? 0;
      const [large = 0, ...small] = await charges(["a", "b", "c"]);
      expect(large).to.equal(Math.ceil((whole * 20) / 30));
      expect(small).to.deep.equal([Math.ceil(whole / 6), Math.ceil(whole / 6)]);
      await on.catalog.objects.delete("box", "a");
      expect(await charges(["b", "c"])).to.deep.equal([whole / 2, whole / 2]);
    });

    it("counts waiting objects by their bytes, not by segments, until the chain counts their pack", async () => {
      const undeclared = () => on.catalog.objects.undeclaredBytes("anna");
      const ids = [await queued("a"), await queued("b")];
      expect(await undeclared()).to.equal(10);
      await on.put("own");
      expect(await undeclared()).to.equal(10 + SEGMENT_SIZE);
      const { file: row } = await packs().fill(pack("p"), { objects: packed(ids), moves: [] });
      expect(await undeclared()).to.equal(2 * SEGMENT_SIZE);
      await on.catalog.files.advance(row!, "declared", 0);
      expect(await undeclared()).to.equal(SEGMENT_SIZE);
    });
  });
}
