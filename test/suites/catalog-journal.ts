import { expect } from "chai";
import type { Fid } from "../../src/model/hash.js";
import type { Journal, JournalCursor, JournalUnit, NewFile } from "../../src/catalog/catalog.js";
import { CatalogFixture, file, hash, slice, version, type OpenCatalog } from "./catalog-fixture.js";

/** What a journal does to whoever replays it: units by name and key, deleted ones without rows. */
type Replayed = Map<string, JournalUnit>;

export function journalContract(open: OpenCatalog): void {
  describe("the journal", () => {
    const on = CatalogFixture.forEach(open);
    const journal = () => on.catalog.journal;
    const nameOf = ({ unit, key }: JournalCursor) => `${unit} ${key}`;

    /** Takes all that has changed, some at a time. */
    async function taken(number: number, limit = 100): Promise<JournalUnit[]> {
      const units: JournalUnit[] = [];
      for (let after: JournalCursor | undefined; ;) {
        const page = await journal().take(number, after, limit);
        units.push(...page.units);
        if (!page.next && !after) return units;
        after = page.next;
      }
    }

    async function everything(limit = 2): Promise<Replayed> {
      const units: Replayed = new Map();
      for (let after: JournalCursor | undefined; ;) {
        const page = await journal().all(after, limit);
        for (const unit of page.units) units.set(nameOf(unit), unit);
        if (!page.next) return units;
        after = page.next;
      }
    }

    const made = (number: number, more: Partial<Journal> = {}): Journal => ({
      number,
      snapshot: false,
      whole: true,
      fid: hash(`fid journal ${number}`),
      segments: 1,
      units: 1,
      bytes: 100,
      readAt: on.clock.time,
      ...more,
    });
    const fileOf = (number: number): NewFile =>
      file(`journal ${number}`, [slice(`journal ${number}`, 100)], { size: 100 });

    /** Writes what has changed into a journal, up to the order of its file. */
    async function written(more: Partial<Journal> = {}) {
      const number = await journal().begin();
      const units = await taken(number);
      await journal().order(made(number, more), fileOf(number), "anna");
      const row = (await journal().journals()).at(-1)!.file!.id;
      return { number, units, row };
    }
    async function counted(more: Partial<Journal> = {}) {
      const { number, row, units } = await written(more);
      await on.catalog.files.stored(row);
      await journal().stored(number);
      while (await journal().forget(number, 2));
      return { number, row, units };
    }

    it("notes what a rebuild needs of all that changes, and the state that it has then", async () => {
      await counted({ snapshot: true });
      const put = await on.putEncoded("a", "content", { metadata: { m: "ü\u0001" }, tags: [{ key: "t", value: "1" }] });
      const [version1, ...others] = (await taken(await journal().begin()))
        // That something is counted for it is a change of the bucket.
        .filter(({ unit }) => unit !== "bucket")
        .sort((a, b) => (a.unit < b.unit ? 1 : -1));
      expect(others.map(({ unit, key }) => [unit, key])).to.deep.equal([["file", Number(put.file)]]);
      expect(version1).to.deep.include({ unit: "version", key: Number(put.id) });
      expect(version1!.rows!["versions"]![0]).to.include({ bucket: "box", key: "a", is_latest: 1, etag: "etag of a" });
      expect(version1!.rows!["versions"]![0]).to.not.have.any.keys("damage", "staged_segments");
      expect(version1!.rows!["extents"]).to.have.length(1);
      expect(Buffer.from(String(others[0]!.rows!["files"]![0]!["segments"]), "base64")).to.have.length(13 * 32);
    });

    it("does not note a file's way to the network", async () => {
      const put = await on.putEncoded("a");
      await counted({ snapshot: true });
      await on.catalog.files.markSigned(put.file, { nonce: 1, untilBlock: 2 });
      await on.catalog.files.advance(put.file, "placed", 3);
      await on.catalog.files.stored(put.file);
      expect(await taken(await journal().begin())).to.deep.equal([]);
    });

    it("notes changes of buckets, documents, quotas, tags, locks, accounts, keys and deletions", async () => {
      const { catalog } = on;
      const { version: put } = await on.put("a");
      await counted({ snapshot: true });
      const changed = async (work: () => Promise<unknown>): Promise<string[]> => {
        await work();
        return (await counted()).units.map(nameOf).sort();
      };
      expect(await changed(() => catalog.documents.put("box", "tagging", [{ key: "a", value: "b" }]))).to.deep.equal([
        "bucket box",
      ]);
      expect(await changed(() => catalog.usage.setQuota("box", { bytes: 1000 }))).to.deep.equal(["bucket box"]);
      expect(await changed(() => catalog.keyUses.record("0a0b0c0d"))).to.deep.equal(["key-use 0a0b0c0d"]);
      expect(await changed(() => catalog.buckets.create({ name: "new", owner: "anna", region: "r" }))).to.deep.equal([
        "bucket new",
      ]);
      expect(await changed(() => catalog.buckets.delete("new"))).to.deep.equal(["bucket new"]);
      expect(await changed(() => catalog.objects.delete("box", "a"))).to.deep.equal([`version ${put.id}`]);
      expect((await everything()).has(`version ${put.id}`)).to.equal(false);
    });

    it("has a deleted unit without rows", async () => {
      const { version: put } = await on.put("a");
      await counted({ snapshot: true });
      await on.catalog.objects.delete("box", "a");
      expect(await taken(await journal().begin())).to.deep.equal([{ unit: "version", key: Number(put.id) }]);
    });

    it("takes everything that changed in pages, and what changes meanwhile at the end", async () => {
      for (const key of ["a", "b", "c", "d", "e"]) await on.put(key);
      const number = await journal().begin();
      const first = await journal().take(number, undefined, 3);
      expect(first.units).to.have.length(3);
      const { version: again } = await on.put("a");
      const second = await journal().take(number, first.next, 100);
      expect(second.next).to.equal(undefined);
      const last = await journal().take(number, undefined, 100);
      const all = [...first.units, ...second.units, ...last.units];
      expect(all.map(nameOf)).to.include(`version ${again.id}`);
      const replayed = new Map(all.map((unit) => [nameOf(unit), unit]));
      for (const [name, unit] of await everything()) expect(replayed.get(name), name).to.deep.equal(unit);
    });

    it("covers what has changed before a snapshot, and not what changes after that", async () => {
      const { version: first } = await on.put("a");
      const number = await journal().begin();
      expect(await journal().cover(number, 1), "there may be more").to.equal(true);
      while (await journal().cover(number, 100));
      expect(await taken(number)).to.deep.equal([]);
      await on.catalog.objects.setTags(first.id, [{ key: "t", value: "1" }]);
      expect((await taken(number)).map(nameOf)).to.deep.equal([`version ${first.id}`]);
    });

    it("pages through all there is, and leaves its own files out", async () => {
      for (const key of ["a", "b", "c"]) await on.putEncoded(key);
      await counted({ snapshot: true });
      const units = [...(await everything(1)).values()];
      expect(units.map(({ unit }) => unit)).to.deep.equal([
        ...["bucket", "version", "version", "version", "file", "file", "file"],
      ]);
    });

    it("is not due because of itself: neither its files nor their end are changes", async () => {
      await counted({ snapshot: true });
      await on.put("a");
      const { row } = await counted();
      await counted({ snapshot: true });
      expect(await on.catalog.files.beginDelete(row)).to.equal(true);
      await on.catalog.files.deleted(row);
      expect((await journal().look()).changedAt).to.equal(undefined);
      expect(await journal().pending()).to.equal(0);
    });

    it("takes again what a journal had taken that was not ordered", async () => {
      const { version: put } = await on.put("a");
      await taken(await journal().begin());
      const next = await journal().begin();
      expect((await taken(next)).map(nameOf)).to.include(`version ${put.id}`);
      expect((await journal().state()).number).to.equal(next);
    });

    it("tells since when there are changes that are not on the network", async () => {
      on.clock.time += 1000;
      const since = on.clock.time;
      expect((await journal().look()).changedAt).to.equal(since);
      on.clock.time += 1000;
      const { number, row } = await written({ snapshot: true });
      const readAt = on.clock.time;
      on.clock.time += 1000;
      await on.put("meanwhile");
      expect((await journal().look()).changedAt).to.equal(since);
      await on.catalog.files.stored(row);
      await journal().stored(number);
      expect((await journal().state()).changedAt, "since the journal was read").to.equal(readAt);
      await counted();
      expect((await journal().state()).changedAt).to.equal(undefined);
    });

    it("covers a version when a journal with its state is on the network, and not when it has changed since", async () => {
      const { version: put } = await on.put("a");
      const covers = () => journal().covers(put.id);
      expect(await covers()).to.equal(false);
      const { number, row } = await written({ snapshot: true });
      expect(await covers(), "ordered").to.equal(false);
      await on.catalog.files.stored(row);
      await journal().stored(number);
      while (await journal().forget(number, 1));
      expect(await covers(), "stored").to.equal(true);
      await on.catalog.objects.setTags(put.id, [{ key: "t", value: "1" }]);
      expect(await covers(), "changed").to.equal(false);
    });

    it("that changed while its journal was on the way is not covered by it", async () => {
      const { version: put } = await on.put("a");
      const { number, row } = await written({ snapshot: true });
      await on.catalog.objects.setTags(put.id, [{ key: "t", value: "1" }]);
      await on.catalog.files.stored(row);
      await journal().stored(number);
      while (await journal().forget(number, 1));
      expect(await journal().covers(put.id)).to.equal(false);
    });

    it("does not count before it is whole", async () => {
      const { version: put } = await on.put("a");
      await counted({ snapshot: true });
      const { version: next } = await on.put("b");
      const { number, row } = await written({ whole: false });
      await on.catalog.files.stored(row);
      await journal().stored(number);
      expect(await journal().covers(next.id)).to.equal(false);
      expect(await journal().covers(put.id)).to.equal(true);
      await counted();
      expect(await journal().covers(next.id)).to.equal(true);
    });

    it("keeps its files until a snapshot takes their place, and lets them go then", async () => {
      const first = await counted({ snapshot: true });
      await on.put("a");
      const second = await counted();
      expect((await on.catalog.files.get(second.row))?.needed).to.equal(true);
      expect(await on.catalog.jobs.count()).to.include({ delete: 0 });
      const third = await counted({ snapshot: true });
      expect((await journal().journals()).map(({ number }) => number)).to.deep.equal([third.number]);
      const deletes = (await on.catalog.jobs.lease(["delete"], 10, 1)).map(({ subject }) => subject);
      expect(deletes).to.have.members([first.row, second.row]);
    });

    it("names its file by what it is", async () => {
      const { number, row } = await written({ snapshot: true });
      const { stream } = await journal().state();
      expect(stream).to.match(/^[0-9a-f]{8}$/);
      expect((await on.catalog.files.get(row))?.journal).to.deep.equal({ snapshot: true, whole: true, number, stream });
    });

    it("is written again when its file is not to be had, with a snapshot where it had counted", async () => {
      await counted({ snapshot: true });
      const { version: put } = await on.put("a");
      const lost = await written();
      await on.catalog.files.failed(lost.row, "refused");
      await journal().drop(lost.number);
      expect((await journal().state()).snapshotDue).to.equal(false);
      const again = await counted();
      expect(again.units.map(nameOf)).to.include(`version ${put.id}`);
      await journal().drop(again.number);
      expect((await journal().state()).snapshotDue).to.equal(true);
      expect(await journal().covers(put.id)).to.equal(false);
    });

    it("begins anew, with a snapshot and as another catalog's, when the catalog counts as another one", async () => {
      const first = await counted({ snapshot: true });
      await on.put("a");
      const underWay = await written();
      const before = await journal().state();
      await on.catalog.mark.renew(0);
      const after = await journal().state();
      expect(after).to.include({ snapshotDue: true, number: before.number });
      expect(after.stream)
        .to.match(/^[0-9a-f]{8}$/)
        .and.not.equal(before.stream);
      await on.catalog.files.stored(underWay.row);
      expect((await journal().journals()).map(({ number }) => number)).to.deep.equal([first.number]);
      const next = await counted({ snapshot: true });
      expect((await journal().journals()).map(({ number }) => number)).to.deep.equal([next.number]);
      expect(await on.catalog.jobs.count()).to.include({ delete: 2 });
    });

    it("tells which files no row is about", async () => {
      await on.putEncoded("a");
      const [known, unknown] = [hash("fid a"), hash("another")] as [Fid, Fid];
      expect(await journal().unknown([known, unknown])).to.deep.equal([unknown]);
    });

    it("forgets changes where nobody keeps it, and begins with a snapshot when somebody does again", async () => {
      await counted({ snapshot: true });
      for (const key of ["a", "b", "c"]) await on.put(key);
      await journal().look();
      expect(await journal().discard(2)).to.equal(true);
      while (await journal().discard(2));
      expect(await journal().pending()).to.equal(0);
      expect(await journal().look())
        .to.deep.include({ snapshotDue: true })
        .and.not.have.property("changedAt");
      const { version: put } = await on.catalog.objects.put(version("z"), { blobs: [slice("z")] });
      expect(await journal().covers(put.id)).to.equal(false);
    });
  });
}
