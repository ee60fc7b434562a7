import { expect } from "chai";
import type { JournalCursor, JournalUnit, RebuiltJournal } from "../../src/catalog/catalog.js";
import { PLAIN } from "../../src/model/file.js";
import type { Fid } from "../../src/model/hash.js";
import { CatalogUnusable } from "../../src/catalog/catalog-unusable.js";
import { CatalogFixture, file, hash, segment, slice, version, type OpenCatalog } from "./catalog-fixture.js";

export function rebuildContract(open: OpenCatalog): void {
  describe("a rebuild", () => {
    const on = CatalogFixture.forEach(open);
    const rebuild = () => on.catalog.rebuild;
    const STREAM = "00112233";

    async function all(): Promise<JournalUnit[]> {
      const units: JournalUnit[] = [];
      for (let after: JournalCursor | undefined; ;) {
        const page = await on.catalog.journal.all(after, 3);
        units.push(...page.units);
        if (!page.next) return units;
        after = page.next;
      }
    }
    /** Empties the catalog, as a new one is. */
    async function emptied(units: readonly JournalUnit[]): Promise<void> {
      await rebuild().apply({ units: units.map(({ unit, key }) => ({ unit, key })) });
      expect(await all()).to.deep.equal([]);
    }
    const journal = (number: number, more: Partial<RebuiltJournal> = {}): RebuiltJournal => ({
      ...{ number, snapshot: true, whole: true, units: 1, bytes: 10, readAt: 5, needed: true },
      file: {
        fid: hash(`journal ${number}`) as Fid,
        size: 10,
        format: PLAIN,
        segments: [segment(`journal ${number}`)],
      },
      owner: "anna",
      territory: "land",
      ...more,
    });
    const lost = async () => (await rebuild().lose("gone", 100)).map(({ key }) => key);
    async function storedPack(name: string, keys: readonly string[]): Promise<string> {
      const ids = [];
      for (const key of keys) ids.push((await on.put(key, `blob of ${key}`, { layout: "pack" })).version.id);
      const objects = ids.map((id, n) => ({ version: id, size: 5, offset: 10 * n, length: 5, digest: hash(id) }));
      const pack = {
        ...file(name, [slice(`pack ${name}`, 100)], { size: 100 }),
        owner: "anna",
        packed: "plain" as const,
      };
      const { file: row } = await on.catalog.packs.fill(pack, { objects, moves: [] });
      await on.catalog.files.stored(row!);
      return row!;
    }

    it("gives everything back as it was, and counts what is counted", async () => {
      const { catalog } = on;
      await catalog.documents.put("box", "tagging", [{ key: "a", value: "b" }]);
      await catalog.usage.setQuota("box", { objects: 100 });
      await catalog.keyUses.record("0a0b0c0d");
      const own = await on.putStored("own");
      const pack = await storedPack("p", ["x", "y", "z"]);
      await catalog.objects.delete("box", "z");
      const units = await all();
      const before = await catalog.objects.get("box", "x");
      const usage = await catalog.usage.bucket("box");
      await emptied(units);
      expect(await rebuild().begin(STREAM)).to.equal(0);
      for (let at = 0; at < units.length; at += 2) await rebuild().apply({ units: units.slice(at, at + 2) });
      for (const { id } of await rebuild().files(undefined, 100)) await rebuild().found(id, []);
      expect(await lost()).to.deep.equal([]);
      await rebuild().end([journal(7, { readAt: on.clock.time - 3000 })], 9);
      expect(await all()).to.deep.equal(units);
      expect(await catalog.objects.get("box", "x")).to.deep.equal(before);
      expect((await catalog.objects.get("box", "own"))?.durability.state).to.equal("stored");
      expect(await catalog.usage.bucket("box")).to.deep.equal(usage);
      expect((await catalog.packs.belowHalf()).find((each) => each.file === pack)?.liveBytes).to.equal(10);
      expect((await catalog.files.manifest(own.file))?.segments).to.deep.equal([segment("own")]);
      expect(await catalog.journal.state()).to.deep.equal({
        stream: STREAM,
        // A hundred, and the seconds since the last journal was read, above the last one.
        number: 112,
        snapshotDue: false,
        claimDue: true,
      });
      expect((await catalog.journal.journals()).map(({ number, state }) => [number, state])).to.deep.equal([
        [7, "counted"],
      ]);
      const { version: next } = await on.put("next");
      expect(Number(next.id)).to.be.above(Number(before!.id));
    });

    it("has the state of the last journal, whatever rows contradict each other on the way", async () => {
      await on.put("a");
      const first = await all();
      await on.put("a", "another");
      const second = await all();
      await emptied([...first, ...second]);
      await rebuild().begin(STREAM);
      await rebuild().apply({ units: first });
      await rebuild().apply({ units: second });
      const gone = first.filter(({ unit, key }) => !second.some((each) => each.unit === unit && each.key === key));
      expect(gone.map(({ unit }) => unit)).to.deep.equal(["version"]);
      await rebuild().apply({ units: gone.map(({ unit, key }) => ({ unit, key })) });
      expect(await all()).to.deep.equal(second);
      await rebuild().apply({ units: [...first, ...second, ...gone.map(({ unit, key }) => ({ unit, key }))] });
      expect(await all(), "in one go").to.deep.equal(second);
    });

    it("takes a version that is current in two states for what the later one says", async () => {
      const make = (id: number, name: string, latest: number): JournalUnit => ({
        unit: "version",
        key: id,
        rows: {
          versions: [
            {
              ...{ id, bucket: "box", key: "k", version_id: name, is_latest: latest, delete_marker: 0, owner: "anna" },
              ...{ size: 0, etag: name, created_at: 1, fid: null, content: null, metadata: null, checksum: null },
              ...{ parts: null, tags: null, lock: null, acl: null, encryption: null },
            },
          ],
        },
      });
      await rebuild().apply({ units: [make(1, "one", 1), make(2, "two", 1)] });
      expect((await on.catalog.objects.get("box", "k"))?.etag).to.equal("two");
      await rebuild().apply({ units: [make(3, "three", 1)] });
      expect((await on.catalog.objects.get("box", "k"))?.etag).to.equal("three");
      await rebuild().apply({ units: [make(1, "one", 0), make(2, "two", 0)] });
      expect((await on.catalog.objects.get("box", "k", "two"))?.isLatest).to.equal(false);
    });

    it("marks what has its bytes nowhere, and it is readable as such and can be put again", async () => {
      await on.put("staged");
      await on.putStored("there");
      const away = await on.putStored("away");
      await on.catalog.objects.put(version("empty", { size: 0 }), { blobs: [] });
      const units = await all();
      await emptied(units);
      await rebuild().begin(STREAM);
      await rebuild().apply({ units: units });
      await rebuild().missing(away.file);
      expect(await lost()).to.deep.equal(["staged", "away"]);
      expect(await lost()).to.deep.equal([]);
      await rebuild().end([journal(1)], 1);
      for (const key of ["staged", "away"])
        expect((await on.catalog.objects.get("box", key))?.durability, key).to.include({
          state: "damaged",
          failure: "gone",
        });
      expect(await on.catalog.files.get(away.file)).to.equal(undefined);
      expect((await on.catalog.objects.get("box", "there"))?.durability.state).to.equal("stored");
      await on.put("away");
      expect((await on.catalog.objects.get("box", "away"))?.durability.state).to.equal("staged");
      await on.catalog.objects.delete("box", "staged");
      expect((await on.catalog.usage.bucket("box")).usage.objects).to.equal(3);
    });

    it("goes on where it was broken off, and finds what is lost again", async () => {
      await on.put("staged");
      const units = await all();
      await emptied(units);
      await rebuild().begin(STREAM);
      await rebuild().apply({ units: units });
      await rebuild().applied(4);
      expect(await lost()).to.deep.equal(["staged"]);
      expect((await on.catalog.journal.state()).rebuiltTo).to.equal(4);
      expect(await rebuild().begin(STREAM)).to.equal(4);
      expect(await lost()).to.deep.equal(["staged"]);
      const other = await rebuild()
        .begin("99999999")
        .then(
          () => "begun",
          (error: unknown) => error,
        );
      expect(other).to.be.instanceOf(CatalogUnusable);
    });

    it("refuses a catalog that has something", async () => {
      const refused = await rebuild()
        .begin(STREAM)
        .then(
          () => "begun",
          (error: unknown) => error,
        );
      expect(refused).to.be.instanceOf(CatalogUnusable).with.property("message").that.contains("buckets");
    });

    it("lets files go that nothing needs, and journals that a snapshot replaced", async () => {
      const put = await on.putStored("a");
      const units = await all();
      await emptied(units);
      await rebuild().begin(STREAM);
      await rebuild().apply({ units: units.filter(({ unit }) => unit !== "version") });
      await rebuild().end([journal(3, { needed: false }), journal(4)], 4);
      const deletes = await on.catalog.jobs.lease(["delete"], 10, 1);
      expect(deletes).to.have.length(2);
      expect(deletes.map(({ subject }) => subject)).to.include(put.file);
      expect((await on.catalog.journal.journals()).map(({ number }) => number)).to.deep.equal([4]);
    });

    it("keeps a file that a rebuild would need from being deleted until a journal tells that nobody needs it", async () => {
      const since = on.clock.time;
      const put = await on.putStored("a");
      const holds = () => on.catalog.journal.holds(put.file, since);
      await on.catalog.objects.delete("box", "a");
      expect(await holds(), "no rebuild is possible yet").to.equal(false);
      await on.putStored("b");
      const counted = async (number: number) => {
        expect(await on.catalog.journal.begin()).to.equal(number);
        for (let after: JournalCursor | undefined; ;) {
          const { next } = await on.catalog.journal.take(number, after, 100);
          if (!next) break;
          after = next;
        }
        const made = { fid: hash(`fid journal ${number}`), segments: 1, units: 1, bytes: 1, readAt: 1, whole: true };
        const bytes = file(`journal ${number}`, [slice(`journal ${number}`)]);
        await on.catalog.journal.order({ ...made, number, snapshot: number === 1 }, bytes, "anna");
        await on.catalog.files.stored((await on.catalog.journal.journals()).at(-1)!.file!.id);
        await on.catalog.journal.stored(number);
        while (await on.catalog.journal.forget(number, 100));
      };
      await counted(1);
      const [extent] = (await on.catalog.objects.get("box", "b"))!.extents;
      await on.catalog.objects.delete("box", "b");
      const holdsB = (from = since) => on.catalog.journal.holds(extent!.file, from);
      expect(await holdsB()).to.equal(true);
      expect(await holdsB(on.clock.time + 1), "it has waited for long").to.equal(false);
      await counted(2);
      expect(await holdsB()).to.equal(false);
    });
  });
}
