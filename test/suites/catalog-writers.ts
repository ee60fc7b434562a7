import { expect } from "chai";
import type { Catalog } from "../../src/catalog/catalog.js";
import { DomainError, isProblem } from "../../src/model/errors.js";
import { SEGMENT_SIZE } from "../../src/model/sizes.js";
import { file, slice, TestClock, version } from "./catalog-fixture.js";

/** Catalogs over one database, as several processes have them. */
export type OpenCatalogs = (
  clock: TestClock,
) => Promise<{ readonly catalogs: readonly [Catalog, Catalog]; readonly end: () => Promise<void> }>;

const PUTS = 40;

/** What holds where several processes write to one database. */
export function writersContract(open: OpenCatalogs): void {
  describe("with several writers", () => {
    let one: Catalog;
    let two: Catalog;
    let end: () => Promise<void>;
    beforeEach(async () => {
      const opened = await open(new TestClock());
      [one, two] = opened.catalogs;
      end = opened.end;
      await one.buckets.create({ name: "box", owner: "anna", region: "us-east-1" });
    });
    afterEach(() => end());

    const both = () => [one, two] as const;
    const put = (catalog: Catalog, key: string, blob: string, more = {}, conditions = {}) =>
      catalog.objects.put(version(key, { etag: blob, ...more }), { blobs: [slice(blob)] }, conditions);
    /** Those of the works that were done; the others were refused as told. */
    const done = async <T>(works: readonly Promise<T>[], ...kinds: Parameters<typeof isProblem>[1][]): Promise<T[]> => {
      const settled = await Promise.allSettled(works);
      return settled.flatMap((each) => {
        if (each.status === "fulfilled") return [each.value];
        if (!isProblem(each.reason, ...kinds)) throw each.reason;
        return [];
      });
    };

    it("a bucket is made once, whoever comes at the same time", async () => {
      for (let round = 0; round < 10; round++) {
        const made = await Promise.all(
          both().map((catalog, at) => catalog.buckets.create({ name: `b${round}`, owner: `owner ${at}`, region: "r" })),
        );
        expect(made.filter(({ created }) => created)).to.have.length(1);
        expect(new Set(made.map(({ bucket }) => bucket.owner)).size).to.equal(1);
      }
    });

    it("what one has written the other reads", async () => {
      for (let n = 0; n < 20; n++) {
        const [writer, reader] = n % 2 === 0 ? [one, two] : [two, one];
        await put(writer, "key", `blob ${n}`);
        expect((await reader.objects.get("box", "key"))?.etag).to.equal(`blob ${n}`);
        const page = { bucket: "box", owner: "anna", prefix: "", delimiter: "", after: "", limit: 10 };
        expect((await reader.objects.list(page)).entries).to.have.length(1);
        await writer.objects.delete("box", "key");
        expect(await reader.objects.get("box", "key")).to.equal(undefined);
      }
    });

    it("of many who create a key if it is not there, one does", async () => {
      for (let round = 0; round < 5; round++) {
        const puts = Array.from({ length: 10 }, (_, n) =>
          put(both()[n % 2]!, `k${round}`, `b${round} ${n}`, {}, { ifNoneMatch: "*" }),
        );
        const won = await done(puts, "preconditionFailed");
        expect(won).to.have.length(1);
        expect((await two.objects.get("box", `k${round}`))?.etag).to.equal(won[0]?.version.etag);
      }
    });

    it("of many who replace what they have seen, one does, each time", async () => {
      await put(one, "key", "first");
      for (let round = 0; round < 5; round++) {
        const { etag } = (await one.objects.get("box", "key"))!;
        const puts = Array.from({ length: 6 }, (_, n) =>
          put(both()[n % 2]!, "key", `b${round} ${n}`, {}, { ifMatch: [etag] }),
        );
        expect(await done(puts, "preconditionFailed")).to.have.length(1);
      }
    });

    it("a key that many overwrite has one version, and the blobs of the others are let go", async () => {
      const puts = await Promise.all(Array.from({ length: PUTS }, (_, n) => put(both()[n % 2]!, "key", `b${n}`)));
      const kept = (await one.objects.get("box", "key"))!.etag;
      expect(puts.flatMap(({ orphans }) => orphans).sort()).to.deep.equal(
        puts
          .map(({ version: { etag } }) => etag)
          .filter((etag) => etag !== kept)
          .sort(),
      );
      expect((await two.usage.bucket("box")).usage).to.deep.equal({ bytes: 5, uploadBytes: 0, objects: 1 });
    });

    it("an upload is completed once, and a part is in it or refused", async () => {
      for (let round = 0; round < 5; round++) {
        const id = `upload ${round}`;
        await one.uploads.create({ id, bucket: "box", key: "big", owner: "anna", content: {}, metadata: {} });
        const part = async (catalog: Catalog, partNumber: number) =>
          (
            await catalog.uploads.putPart(id, {
              partNumber,
              size: 5,
              etag: "e",
              blob: slice(`${id} ${partNumber}`).blob,
            })
          ).part;
        const parts = await Promise.all([part(one, 1), part(two, 2)]);
        const completes = both().map((catalog) => catalog.uploads.complete(id, version("big", { size: 10 }), parts));
        const late = both().map((catalog, at) => part(catalog, 3 + at));
        const completed = done(completes, "noUpload");
        await done(late, "noUpload");
        expect(await completed).to.have.length(1);
        expect(await two.uploads.parts(id)).to.deep.equal([]);
      }
      expect((await one.usage.bucket("box")).usage).to.deep.equal({ bytes: 10, uploadBytes: 0, objects: 1 });
    });

    it("a job is leased to one", async () => {
      await Promise.all(Array.from({ length: PUTS }, (_, n) => put(both()[n % 2]!, `k${n}`, `b${n}`)));
      const leased = await Promise.all(
        Array.from({ length: 20 }, (_, n) => both()[n % 2]!.jobs.lease(["encode"], 4, 60_000)),
      );
      const ids = leased.flat().map(({ id }) => id);
      expect(ids).to.have.length(PUTS);
      expect(new Set(ids).size).to.equal(PUTS);
    });

    it("a quota of a bucket holds exactly, whoever fills it", async () => {
      // Before any of them knows of a quota.
      await Promise.all(both().map((catalog) => put(catalog, "early", "early", { layout: "pack" })));
      await one.objects.delete("box", "early");
      await one.usage.setQuota("box", { objects: 10 });
      const puts = Array.from({ length: 25 }, (_, n) =>
        put(both()[n % 2]!, `k${n}`, `b${n}`, { layout: n % 3 === 0 ? "own-file" : "pack" }),
      );
      expect(await done(puts, "quotaExceeded")).to.have.length(10);
      expect((await two.usage.bucket("box")).usage.objects).to.equal(10);
      await two.objects.delete("box", (await done([one.objects.list(allOf("box"))]))[0]!.entries.map(keyOf)[0]!);
      expect(await done([put(one, "more", "m1"), put(two, "most", "m2")], "quotaExceeded")).to.have.length(1);
    });

    it("a quota of an account holds exactly over its buckets", async () => {
      await two.buckets.create({ name: "crate", owner: "anna", region: "us-east-1" });
      const accountQuota = { account: "anna", objects: 8 };
      const puts = Array.from({ length: 20 }, (_, n) =>
        put(both()[n % 2]!, `k${n}`, `b${n}`, { bucket: n % 3 === 0 ? "box" : "crate", accountQuota }),
      );
      expect(await done(puts, "quotaExceeded")).to.have.length(8);
      expect((await one.usage.owner("anna")).objects).to.equal(8);
    });

    it("room that is checked while a version is written holds exactly, whoever takes it", async () => {
      const room = 7 * SEGMENT_SIZE;
      const requireRoom = (undeclared: number) => {
        if (undeclared > room) throw new DomainError({ kind: "storageFull" }, "There is no room.");
      };
      const puts = Array.from({ length: 20 }, (_, n) => put(both()[n % 2]!, `k${n}`, `b${n}`, { requireRoom }));
      expect(await done(puts, "storageFull")).to.have.length(7);
      expect(await two.objects.undeclaredBytes("anna")).to.equal(room);
      expect(await done([put(one, "more", "m1", { requireRoom })], "storageFull")).to.have.length(0);
      await one.objects.delete("box", (await done([one.objects.list(allOf("box"))]))[0]!.entries.map(keyOf)[0]!);
      const last = both().map((catalog, at) => put(catalog, `last${at}`, `l${at}`, { layout: "pack", requireRoom }));
      expect(await done(last, "storageFull"), "in a pack they take their bytes").to.have.length(2);
    });

    it("usage is counted right, whatever is written, replaced and deleted at once", async () => {
      const works = Array.from({ length: 60 }, (_, n) => {
        const catalog = both()[n % 2]!;
        return n % 5 === 4
          ? catalog.objects.delete("box", `k${n % 7}`)
          : put(catalog, `k${n % 7}`, `b${n}`, { size: n });
      });
      await Promise.all(works);
      expect(await one.inspection.wrongUsages()).to.deep.equal([]);
      await one.inspection.recount("box");
      expect(await two.inspection.wrongUsages()).to.deep.equal([]);
    });

    it("of versions that share a file and go at once, one orders the file's deletion", async () => {
      for (let round = 0; round < 5; round++) {
        const keys = ["x", "y", "z"].map((name) => `${name}${round}`);
        for (const key of keys) {
          const { version: made } = await put(one, key, `blob ${key}`);
          await one.objects.attach(made.id, [file(`content ${round}`, [slice(`blob ${key}`)])]);
        }
        const [extent] = (await one.objects.get("box", keys[0]!))!.extents;
        await one.files.stored(extent!.file);
        await Promise.all(keys.map((key, at) => both()[at % 2]!.objects.delete("box", key)));
        const jobs = await two.jobs.lease(["delete"], 10, 60_000);
        expect(jobs.map(({ subject }) => subject)).to.deep.equal([extent!.file]);
      }
    });

    it("a deleted bucket gets no objects more", async () => {
      for (let round = 0; round < 10; round++) {
        const name = `b${round}`;
        await one.buckets.create({ name, owner: "anna", region: "r" });
        const deleted = done([two.buckets.delete(name)], "bucketNotEmpty");
        const written = await done([put(one, "key", `b${round}`, { bucket: name })], "noBucket");
        expect((await deleted).length + written.length).to.equal(1);
      }
    });
  });
}

const allOf = (bucket: string) => ({ bucket, owner: "anna", prefix: "", delimiter: "", after: "", limit: 100 });
const keyOf = (entry: { readonly kind: string; readonly version?: { readonly key: string } }) =>
  entry.version?.key ?? "";
