import { expect } from "chai";
import type { FileChecked } from "../../src/catalog/catalog.js";
import type { Fid } from "../../src/model/hash.js";
import { CatalogFixture, file, slice, type OpenCatalog } from "./catalog-fixture.js";

const HOUR_MS = 3_600_000;

export function checksContract(open: OpenCatalog): void {
  describe("checks", () => {
    const on = CatalogFixture.forEach(open);
    const checks = () => on.catalog.checks;
    const state = async (key: string) => (await on.catalog.objects.get("box", key))?.durability.state;
    const due = async (before: number, degradedBefore = 0) =>
      (await checks().due(before, degradedBefore, 10)).map((each) => each.file);
    const seen = (redundancy: number, more: Partial<FileChecked> = {}): FileChecked => ({
      redundancy,
      degraded: redundancy < 8,
      failed: [],
      answered: [],
      ...more,
    });

    async function stored(key: string, nodes: readonly string[] = []): Promise<string> {
      const { file: row } = await on.putEncoded(key);
      await on.catalog.files.savePlacements(
        row,
        nodes.map((node, index) => ({ index, node, state: "reported", since: 1 })),
      );
      await on.catalog.files.stored(row);
      return row;
    }

    it("gives the stored files whose turn it is, those that wait longest first, and those with few fragments sooner", async () => {
      const began = on.clock.time;
      const files: string[] = [];
      for (const key of ["one", "two", "three"]) {
        files.push(await stored(key));
        on.clock.time += HOUR_MS;
      }
      await on.putEncoded("not stored");
      expect(await due(began - 1)).to.deep.equal([]);
      expect(await due(began + HOUR_MS)).to.deep.equal(files.slice(0, 2));
      await checks().checked(files[0]!, seen(12));
      await checks().checked(files[2]!, seen(9));
      expect(await due(began + HOUR_MS)).to.deep.equal([files[1]]);
      expect(await due(0, on.clock.time)).to.deep.equal([files[2]]);
      expect((await checks().summary()).byRedundancy).to.deep.equal({ 9: 1, 12: 2 });
      expect((await checks().summary()).oldest).to.equal(began + HOUR_MS);
      expect(await checks().redundancy([files[0]!, files[2]!])).to.equal(9);
      expect(await checks().redundancy([])).to.equal(undefined);
    });

    it("knows since when a file has too few fragments, until it has enough again", async () => {
      const row = await stored("key");
      const first = (on.clock.time += HOUR_MS);
      await checks().checked(row, seen(5));
      on.clock.time += HOUR_MS;
      await checks().checked(row, seen(6));
      expect(await checks().degraded(first, 10)).to.deep.include.members([
        {
          file: row,
          fid: (await on.catalog.files.get(row))!.fid,
          layout: "own-file",
          checkedAt: on.clock.time,
          degradedSince: first,
        },
      ]);
      expect(await checks().degraded(first - 1, 10)).to.deep.equal([]);
      await checks().checked(row, seen(8));
      expect(await checks().degraded(on.clock.time, 10)).to.deep.equal([]);
    });

    it("counts a node's failures in a row for each file, and forgets them when it answers", async () => {
      const row = await stored("key");
      const since = on.clock.time;
      await checks().checked(row, seen(10, { failed: ["a", "b"] }));
      on.clock.time += HOUR_MS;
      await checks().checked(row, seen(11, { failed: ["a"], answered: ["b"] }));
      expect(await checks().failing(row)).to.deep.equal([{ node: "a", since, samples: 2, lastAt: on.clock.time }]);
      await on.catalog.objects.delete("box", "key");
      expect(await on.catalog.files.beginDelete(row)).to.equal(true);
      await on.catalog.files.deleted(row);
      expect(await checks().failing(row)).to.deep.equal([]);
    });

    it("looks soon at the files of a node that begins to fail, or ceases to", async () => {
      const [one, two] = [await stored("one", ["a", "b"]), await stored("two", ["b", "c"])];
      expect([...(await checks().holders())].sort()).to.deep.equal(["a", "b", "c"]);
      const since = on.clock.time;
      await checks().nodesChecked(["a"]);
      expect(await due(0)).to.deep.equal([one]);
      await checks().checked(one, seen(11));
      on.clock.time += HOUR_MS;
      await checks().nodesChecked(["a", "c"]);
      expect(await due(0), "a node that fails on is no news").to.deep.equal([two]);
      await checks().checked(two, seen(11));
      expect(await checks().failingNodes()).to.deep.include.members([
        { node: "a", since, samples: 2, lastAt: on.clock.time },
      ]);
      expect((await checks().summary()).failingNodes).to.equal(2);
      await checks().nodesChecked(["c"]);
      expect(await due(0)).to.deep.equal([one]);
      expect((await checks().failingNodes()).map(({ node }) => node)).to.deep.equal(["c"]);
    });

    it("repairs a file: staged again, deleted on the chain though it is needed, ordered anew, its bytes released at the end", async () => {
      const row = await stored("key");
      const { fid } = (await on.catalog.files.get(row))!;
      expect(await checks().restoredBytes(fid)).to.deep.equal([]);
      await checks().checked(row, seen(5, { failed: ["a"] }));
      expect(await checks().beginRepair([{ file: row, slices: [slice("restored", 32)] }])).to.equal(true);
      expect(await state("key")).to.equal("staged");
      expect(await on.catalog.files.get(row)).to.deep.include({
        state: "deleting",
        restored: true,
        needed: true,
        blobs: [slice("restored", 32)],
      });
      expect(await checks().restoredBytes(fid)).to.deep.equal([slice("restored", 32)]);
      expect((await checks().summary()).restored).to.equal(1);
      expect((await on.catalog.jobs.count()).delete).to.equal(1);
      expect(await due(on.clock.time), "it is no stored file").to.deep.equal([]);
      await on.catalog.files.deleted(row);
      expect(await state("key")).to.equal("encoded");
      expect((await on.catalog.jobs.count()).store).to.equal(1);
      expect(await checks().restoredBytes(fid)).to.deep.equal([slice("restored", 32)]);
      expect((await on.catalog.files.stored(row)).orphans).to.deep.equal([slice("restored").blob]);
      expect(await state("key")).to.equal("stored");
      expect(await checks().restoredBytes(fid)).to.deep.equal([]);
      expect(await checks().redundancy([row])).to.equal(12);
      expect(await checks().failing(row)).to.deep.equal([]);
    });

    it("begins no repair of what is not stored, or not needed, and changes nothing then", async () => {
      const [kept, gone] = [await stored("kept"), await stored("gone")];
      const { file: underWay } = await on.putEncoded("under way");
      await on.catalog.objects.delete("box", "gone");
      for (const other of [gone, underWay, "999999"])
        expect(
          await checks().beginRepair(
            [kept, other].map((each) => ({ file: each, slices: [slice(`restored ${each}`)] })),
          ),
        ).to.equal(false);
      expect(await on.catalog.files.get(kept)).to.deep.include({ state: "stored", blobs: [] });
      expect(await on.catalog.orphans([slice(`restored ${kept}`).blob])).to.have.length(1);
    });

    it("lets restored bytes go when the object is deleted meanwhile, and takes an object's own when it is needed again", async () => {
      const row = await stored("key");
      await checks().beginRepair([{ file: row, slices: [slice("restored", 32)] }]);
      const { orphans } = await on.catalog.objects.delete("box", "key");
      expect(orphans).to.deep.equal([slice("restored").blob]);
      const again = await on.put("again", "again");
      await on.catalog.objects.attach(again.version.id, [file("key", [slice("again", 4)], { size: 4 })]);
      const now = (await on.catalog.files.get(row))!;
      expect(now.blobs).to.deep.equal([slice("again", 4)]);
      expect(now.restored, "these are the object's bytes, not the network's").to.equal(undefined);
    });

    it("names some of a file's objects", async () => {
      const row = await stored("key");
      expect(await checks().objects(row, 5)).to.deep.equal([{ bucket: "box", key: "key" }]);
      expect(await checks().restoredBytes("f".repeat(64) as Fid)).to.deep.equal([]);
    });
  });
}
