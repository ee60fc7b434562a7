import { expect } from "chai";
import type { UploadQuery } from "../../src/catalog/catalog.js";
import type { Fid } from "../../src/model/hash.js";
import type { DataKey } from "../../src/model/file.js";
import type { BlobId, Part } from "../../src/model/object.js";
import { SEGMENT_SIZE } from "../../src/model/sizes.js";
import { CatalogFixture, file, hash, refusal, segment, slice, version, type OpenCatalog } from "./catalog-fixture.js";

export function uploadsContract(open: OpenCatalog): void {
  describe("uploads", () => {
    const on = CatalogFixture.forEach(open);

    const begin = (id: string, key = "key") =>
      on.catalog.uploads.create({ id, bucket: "box", key, owner: "anna", content: {}, metadata: {} });
    const putPart = async (id: string, partNumber: number, blob: string): Promise<Part> =>
      (await on.catalog.uploads.putPart(id, { partNumber, size: 5, etag: `etag of ${blob}`, blob: slice(blob).blob }))
        .part;
    const list = async (query: Partial<UploadQuery>) => {
      const page = await on.catalog.uploads.list({
        bucket: "box",
        prefix: "",
        delimiter: "",
        keyMarker: "",
        uploadIdMarker: "",
        limit: 100,
        ...query,
      });
      return {
        entries: page.entries.map((entry) => (entry.kind === "upload" ? entry.upload.id : entry.prefix)),
        truncated: page.truncated,
      };
    };

    it("keep the format of their segments while they are open, and how they are encrypted for good", async () => {
      const format = { name: "aes-256-gcm", key: "5e".repeat(32) as DataKey, first: 0 } as const;
      const encryption = { algorithm: "customer", wrapped: "v1.customer.x" } as const;
      const upload = { bucket: "box", key: "key", owner: "anna", content: {}, metadata: {}, encryption, format };
      for (const id of ["completed", "aborted"]) {
        await on.catalog.uploads.create({ ...upload, id });
        expect(await on.catalog.uploads.get("box", "key", id)).to.deep.include({ format, encryption, state: "open" });
      }
      await on.catalog.uploads.abort("aborted");
      await on.catalog.uploads.putPart("completed", { partNumber: 1, size: 5, etag: "e", blob: "b" as BlobId });
      const parts = await on.catalog.uploads.parts("completed");
      const written = await on.catalog.uploads.complete("completed", version("key", { encryption }), parts);
      expect(written.version.encryption).to.deep.equal(encryption);
      for (const id of ["completed", "aborted"]) {
        const ended = await on.catalog.uploads.get("box", "key", id);
        expect(ended).to.deep.include({ encryption, state: id }).and.not.have.property("format");
      }
      const [job] = await on.catalog.jobs.lease(["encode"], 10, 1000);
      expect(job).to.deep.include({ subject: written.version.id, format });
    });

    it("gives an upload back as it was created, where bucket and key agree", async () => {
      const created = await on.catalog.uploads.create({
        id: "up",
        bucket: "box",
        key: "key",
        owner: "anna",
        content: { contentType: "a/b" },
        metadata: { a: "b" },
        checksumAlgorithm: "SHA1",
        checksumType: "COMPOSITE",
      });
      expect(created).to.include({ state: "open", createdAt: on.clock.time });
      expect(await on.catalog.uploads.get("box", "key", "up")).to.deep.equal(created);
      expect(await on.catalog.uploads.get("box", "other", "up")).to.equal(undefined);
      expect(await on.catalog.uploads.get("other", "key", "up")).to.equal(undefined);
    });

    it("keeps parts by number, replaces one that comes again and lets its blob go", async () => {
      await begin("up");
      for (const number of [10, 1, 2]) await putPart("up", number, `p${number}`);
      const again = await on.catalog.uploads.putPart("up", {
        partNumber: 2,
        size: 7,
        etag: "new",
        blob: slice("again").blob,
        checksum: { algorithm: "CRC32", type: "FULL_OBJECT", value: "x" },
      });
      expect(again.orphans).to.deep.equal(["p2"]);
      expect((await on.catalog.uploads.parts("up")).map((part) => part.blob)).to.deep.equal(["p1", "again", "p10"]);
      expect(await on.catalog.uploads.parts("up", 1, 1)).to.deep.equal([again.part]);
    });

    it("takes parts only while open", async () => {
      await refusal(putPart("unknown", 1, "p"), "noUpload");
      await begin("up");
      await on.catalog.uploads.abort("up");
      await refusal(putPart("up", 1, "p"), "noUpload");
    });

    it("lets every part go when aborted, and can be aborted again", async () => {
      await begin("up");
      await putPart("up", 1, "p1");
      await putPart("up", 2, "p2");
      await on.catalog.preparations.save("up", 0, "source", segment("s"));
      expect([...(await on.catalog.uploads.abort("up")).orphans].sort()).to.deep.equal(["p1", "p2"]);
      expect(await on.catalog.uploads.abort("up")).to.deep.equal({ orphans: [] });
      expect(await on.catalog.preparations.all("up")).to.deep.equal([]);
      await refusal(on.catalog.uploads.abort("unknown"), "noUpload");
    });

    it("completes: the version appears with its staged bytes and a job, unlisted parts go, the answer is remembered", async () => {
      await begin("up");
      const p1 = await putPart("up", 1, "p1");
      await putPart("up", 2, "p2");
      const p3 = await putPart("up", 3, "p3");
      const written = await on.catalog.uploads.complete("up", version("key", { size: 10, etag: "whole" }), [p1, p3]);
      expect(written.orphans).to.deep.equal(["p2"]);
      expect(written.version.durability).to.deep.equal({ state: "staged", reports: 0, chargedBytes: 3 * SEGMENT_SIZE });
      expect(await on.catalog.objects.get("box", "key")).to.deep.equal(written.version);
      expect(await on.catalog.objects.blobs(written.version.id)).to.deep.equal([slice("p1"), slice("p3")]);
      expect(await on.catalog.objects.undeclaredBytes("anna")).to.equal(SEGMENT_SIZE);
      const [job, ...others] = await on.catalog.jobs.lease(["encode", "store"], 10, 1000);
      expect(job).to.include({ kind: "encode", subject: written.version.id });
      expect(others).to.deep.equal([]);
      expect((await on.catalog.uploads.get("box", "key", "up"))?.state).to.equal("completed");
      expect(await on.catalog.uploads.result("up")).to.deep.equal({
        etag: "whole",
        versionId: "null",
        chargedBytes: 3 * SEGMENT_SIZE,
        partEtags: ["etag of p1", "etag of p3"],
      });
      await refusal(on.catalog.uploads.abort("up"), "noUpload");
      await refusal(on.catalog.uploads.complete("up", version("key"), [p1]), "noUpload");
    });

    it("makes a small completed upload wait for a pack, with nothing prepared of it", async () => {
      await begin("up");
      const part = await putPart("up", 1, "p1");
      await on.catalog.preparations.save("up", 0, "source", segment("p"));
      const { version: put } = await on.catalog.uploads.complete("up", version("key", { layout: "pack" }), [part]);
      expect(await on.catalog.packs.queues()).to.deep.include.members([
        { owner: "anna", format: "plain", objects: 1, bytes: 5, oldest: on.clock.time },
      ]);
      expect((await on.catalog.jobs.count()).encode).to.equal(0);
      for (const subject of ["up", put.id]) expect(await on.catalog.preparations.all(subject)).to.deep.equal([]);
      await on.catalog.objects.delete("box", "key");
      expect(await on.catalog.packs.queues()).to.deep.equal([]);
    });

    it("counts the segments of a completed upload in the upload's format", async () => {
      const format = { name: "cess-cbc", cipher: "secret" } as const;
      const upload = { bucket: "box", key: "key", owner: "anna", content: {}, metadata: {}, format };
      await on.catalog.uploads.create({ ...upload, id: "up" });
      const blob = slice("p", SEGMENT_SIZE).blob;
      const { part } = await on.catalog.uploads.putPart("up", { partNumber: 1, size: SEGMENT_SIZE, etag: "e", blob });
      await on.catalog.uploads.complete("up", version("key", { size: SEGMENT_SIZE }), [part]);
      expect(await on.catalog.objects.undeclaredBytes("anna")).to.equal(2 * SEGMENT_SIZE);
    });

    it("gives what was prepared of a completed upload to its version, where nothing prunes it", async () => {
      await begin("up");
      const part = await putPart("up", 1, "p1");
      await on.catalog.preparations.save("up", 0, "source", segment("s"));
      await on.catalog.preparations.save("other", 0, "source", segment("of another"));
      const { id } = (await on.catalog.uploads.complete("up", version("key"), [part])).version;
      expect(await on.catalog.preparations.all("up")).to.deep.equal([]);
      expect(await on.catalog.preparations.prune(), "of the upload that does not exist").to.equal(1);
      expect(await on.catalog.preparations.all(id)).to.deep.equal([
        { index: 0, source: "source", hashes: segment("s") },
      ]);
      await on.catalog.objects.attach(id, [file("whole", [slice("p1")])]);
      expect(await on.catalog.preparations.all(id)).to.deep.equal([]);
    });

    it("shows the FID that a version was completed with, and takes no files of another one", async () => {
      await begin("up");
      const part = await putPart("up", 1, "p1");
      const fid = hash("fid whole") as Fid;
      const { id, durability } = (await on.catalog.uploads.complete("up", version("key", { fid }), [part])).version;
      expect(durability).to.deep.equal({ state: "staged", reports: 0, fid, chargedBytes: 3 * SEGMENT_SIZE });
      const wrong = await on.catalog.objects.attach(id, [file("other", [slice("p1")])]).catch(String);
      expect(wrong).to.include(`was written with FID ${fid}`);
      expect((await on.catalog.objects.byId(id))?.durability).to.deep.equal(durability);
      expect(await on.catalog.jobs.count()).to.include({ encode: 1, store: 0 });
      await on.catalog.objects.attach(id, [file("whole", [slice("p1")])]);
      expect((await on.catalog.objects.byId(id))?.durability).to.deep.equal({
        ...durability,
        state: "encoded",
      });
      expect(await on.catalog.jobs.count()).to.include({ encode: 0, store: 1 });
    });

    it("takes two versions of one owner that were completed with the same FID", async () => {
      const fid = hash("fid whole") as Fid;
      const ids: string[] = [];
      for (const key of ["a", "b"]) {
        await begin(`up ${key}`, key);
        const part = await putPart(`up ${key}`, 1, `part of ${key}`);
        ids.push((await on.catalog.uploads.complete(`up ${key}`, version(key, { fid }), [part])).version.id);
      }
      for (const [n, id] of ids.entries())
        await on.catalog.objects.attach(id, [file("whole", [slice(`part of ${"ab"[n]}`)])]);
      expect(await on.catalog.files.withFid(fid)).to.have.length(1);
      for (const id of ids)
        expect((await on.catalog.objects.byId(id))?.durability).to.include({ state: "encoded", fid });
    });

    it("refuses to complete with a part that was uploaded again or is not there, and changes nothing", async () => {
      await begin("up");
      const stale = await putPart("up", 1, "p1");
      await putPart("up", 1, "p1 again");
      const complete = (parts: Part[]) => on.catalog.uploads.complete("up", version("key"), parts);
      await refusal(complete([stale]), "partReplaced");
      await refusal(complete([{ ...stale, partNumber: 2 }]), "partReplaced");
      expect((await on.catalog.uploads.parts("up")).map((part) => part.blob)).to.deep.equal(["p1 again"]);
      expect(await on.catalog.objects.get("box", "key")).to.equal(undefined);
      expect(await on.catalog.jobs.count()).to.deep.equal({ encode: 0, store: 0, delete: 0 });
    });

    it("heeds preconditions at completion, and stays open when they fail", async () => {
      await on.put("key", "old");
      await begin("up");
      const part = await putPart("up", 1, "p1");
      const complete = (preconditions: object) =>
        on.catalog.uploads.complete("up", version("key"), [part], preconditions);
      await refusal(complete({ ifNoneMatch: "*" }), "preconditionFailed");
      expect((await on.catalog.uploads.get("box", "key", "up"))?.state).to.equal("open");
      expect((await complete({ ifMatch: ["etag of key"] })).orphans).to.deep.equal(["old"]);
    });

    it("lets all parts go once it turns out that the file is stored already", async () => {
      await on.putStored("before", "whole");
      await begin("up");
      const part = await putPart("up", 1, "p1");
      const { id } = (await on.catalog.uploads.complete("up", version("key"), [part])).version;
      expect((await on.catalog.objects.attach(id, [file("whole", [slice("p1")])])).orphans).to.deep.equal(["p1"]);
      expect((await on.catalog.objects.byId(id))?.durability.state).to.equal("stored");
    });

    it("keeps the root over all segments where the object is several files", async () => {
      await begin("up");
      const part = await putPart("up", 1, "p1");
      const fid = hash("root") as Fid;
      const { id } = (await on.catalog.uploads.complete("up", version("key", { fid, size: 10 }), [part])).version;
      await on.catalog.objects.attach(id, [file("a", [slice("p1")]), file("b", [slice("p1")])], fid);
      const written = await on.catalog.objects.byId(id);
      expect(written?.durability.fid).to.equal(fid);
      expect(written?.extents).to.have.length(2);
    });

    it("lets everything of a completed upload go when it is deleted before its job ran", async () => {
      await begin("up");
      const part = await putPart("up", 1, "p1");
      await on.catalog.preparations.save("up", 0, "source", segment("s"));
      const fid = hash("fid whole") as Fid;
      const { id } = (await on.catalog.uploads.complete("up", version("key", { fid }), [part])).version;
      expect((await on.catalog.objects.delete("box", "key")).orphans).to.deep.equal(["p1"]);
      expect(await on.catalog.jobs.count()).to.deep.equal({ encode: 0, store: 0, delete: 0 });
      expect(await on.catalog.preparations.all(id)).to.deep.equal([]);
    });

    it("completes an empty upload as an empty object without a file", async () => {
      await begin("up");
      const { part } = await on.catalog.uploads.putPart("up", {
        partNumber: 1,
        size: 0,
        etag: "e",
        blob: slice("nothing").blob,
      });
      const { version: written, orphans } = await on.catalog.uploads.complete("up", version("key", { size: 0 }), [
        part,
      ]);
      expect(written.durability).to.deep.equal({ state: "stored", reports: 12, chargedBytes: 0 });
      expect(orphans).to.deep.equal(["nothing"]);
      expect(await on.catalog.jobs.count()).to.include({ encode: 0 });
    });

    it("forgets what ended before a time, and never an open upload", async () => {
      for (const id of ["open", "aborted", "late"]) await begin(id);
      await on.catalog.uploads.abort("aborted");
      on.clock.time += 1000;
      await on.catalog.uploads.abort("late");
      expect(await on.catalog.uploads.forget(on.clock.time)).to.equal(1);
      expect(await on.catalog.uploads.get("box", "key", "aborted")).to.equal(undefined);
      expect(await on.catalog.uploads.get("box", "key", "open")).not.to.equal(undefined);
      expect(await on.catalog.uploads.get("box", "key", "late")).not.to.equal(undefined);
    });

    it("lists open uploads by key, then by age, and rolls keys up", async () => {
      await begin("b-late-id", "b");
      on.clock.time++;
      await begin("a-early-id", "b");
      await begin("x", "a");
      for (const key of ["dir/1", "dir/2", "z"]) await begin(`of ${key}`, key);
      await begin("ended", "c");
      await on.catalog.uploads.abort("ended");
      expect(await list({})).to.deep.equal({
        entries: ["x", "b-late-id", "a-early-id", "of dir/1", "of dir/2", "of z"],
        truncated: false,
      });
      expect(await list({ delimiter: "/" })).to.deep.equal({
        entries: ["x", "b-late-id", "a-early-id", "dir/", "of z"],
        truncated: false,
      });
      expect(await list({ prefix: "dir/" })).to.deep.equal({ entries: ["of dir/1", "of dir/2"], truncated: false });
    });

    it("pages by key and upload id, over a marker that ended meanwhile too", async () => {
      await begin("one", "b");
      on.clock.time++;
      await begin("a second", "b");
      await begin("three", "c/1");
      await begin("four", "d");
      expect(await list({ limit: 1 })).to.deep.equal({ entries: ["one"], truncated: true });
      await on.catalog.uploads.abort("one");
      expect(await list({ limit: 1, keyMarker: "b", uploadIdMarker: "one" })).to.deep.equal({
        entries: ["a second"],
        truncated: true,
      });
      expect(await list({ keyMarker: "b" })).to.deep.equal({ entries: ["three", "four"], truncated: false });
      expect(await list({ keyMarker: "c/", delimiter: "/" })).to.deep.equal({ entries: ["four"], truncated: false });
      expect(await list({ keyMarker: "b", uploadIdMarker: "never known" })).to.deep.equal({
        entries: ["a second", "three", "four"],
        truncated: false,
      });
    });
  });

  describe("preparations", () => {
    const on = CatalogFixture.forEach(open);

    it("saves a segment's hashes for a subject, the last source winning", async () => {
      await on.catalog.preparations.save("up", 1, "s1", segment("one"));
      await on.catalog.preparations.save("up", 0, "s0", segment("zero"));
      await on.catalog.preparations.save("up", 1, "s1 again", segment("other"));
      await on.catalog.preparations.save("other", 0, "x", segment("x"));
      expect(await on.catalog.preparations.all("up")).to.deep.equal([
        { index: 0, source: "s0", hashes: segment("zero") },
        { index: 1, source: "s1 again", hashes: segment("other") },
      ]);
      await on.catalog.preparations.clear("up");
      expect(await on.catalog.preparations.all("up")).to.deep.equal([]);
      expect(await on.catalog.preparations.all("other")).to.have.length(1);
    });

    it("prunes those of subjects that are gone, and keeps those of open uploads and staged versions", async () => {
      await on.catalog.uploads.create({
        id: "open",
        bucket: "box",
        key: "k",
        owner: "anna",
        content: {},
        metadata: {},
      });
      const staged = (await on.put("staged")).version.id;
      const encoded = (await on.putEncoded("encoded")).id;
      for (const subject of ["open", "gone", staged, encoded, "999999"])
        await on.catalog.preparations.save(subject, 0, "s", segment("s"));
      expect(await on.catalog.preparations.prune()).to.equal(3);
      for (const subject of ["open", staged])
        expect(await on.catalog.preparations.all(subject), subject).to.have.length(1);
      for (const subject of ["gone", encoded])
        expect(await on.catalog.preparations.all(subject), subject).to.have.length(0);
    });
  });
}
