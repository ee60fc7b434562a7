import { expect } from "chai";
import type { SegmentFormat } from "../../src/model/file.js";
import type { Fid } from "../../src/model/hash.js";
import { SEGMENT_SIZE } from "../../src/model/sizes.js";
import { CatalogFixture, file, hash, refusal, segment, slice, version, type OpenCatalog } from "./catalog-fixture.js";

export function objectsContract(open: OpenCatalog): void {
  describe("objects", () => {
    const on = CatalogFixture.forEach(open);

    it("gives a version back as it was put", async () => {
      const put = version("some/key \u{1F600}", {
        content: { contentType: "text/plain", storageClass: "STANDARD" },
        metadata: { mtime: "1", naïve: "ü" },
        checksum: { algorithm: "CRC32", type: "FULL_OBJECT", value: "AAAAAA==" },
        parts: [{ partNumber: 1, size: 5 }],
      });
      const { version: written, orphans } = await on.catalog.objects.put(put, {
        blobs: [slice("a", 2), slice("b", 3)],
      });
      expect(orphans).to.deep.equal([]);
      expect(written).to.deep.equal({
        ...put,
        id: written.id,
        versionId: "null",
        isLatest: true,
        deleteMarker: false,
        createdAt: on.clock.time,
        extents: [],
        durability: { state: "staged", reports: 0, chargedBytes: 3 * SEGMENT_SIZE },
      });
      expect(await on.catalog.objects.get("box", put.key)).to.deep.equal(written);
      expect(await on.catalog.objects.get("box", put.key, "null")).to.deep.equal(written);
      expect(await on.catalog.objects.byId(written.id)).to.deep.equal(written);
      expect(await on.catalog.objects.blobs(written.id)).to.deep.equal([slice("a", 2), slice("b", 3)]);
    });

    it("knows nothing of other keys, versions and ids", async () => {
      await on.put("key");
      expect(await on.catalog.objects.get("box", "Key")).to.equal(undefined);
      expect(await on.catalog.objects.get("box", "key", "other")).to.equal(undefined);
      for (const id of ["", "0", "-1", "1 or 1=1", "999999"])
        expect(await on.catalog.objects.byId(id), id).to.equal(undefined);
    });

    it("replaces the version before it, lets its bytes go and forgets its job", async () => {
      const first = await on.put("key", "old");
      const second = await on.put("key", "new");
      expect(second.orphans).to.deep.equal(["old"]);
      expect(await on.catalog.objects.byId(first.version.id)).to.equal(undefined);
      expect((await on.catalog.jobs.lease(["encode"], 10, 1000)).map((job) => job.subject)).to.deep.equal([
        second.version.id,
      ]);
    });

    it("gives a staged version an encode job with its format, and an empty one none", async () => {
      const format: SegmentFormat = { name: "cess-cbc", cipher: "secret" };
      const {
        version: { id },
      } = await on.put("key", "blob", { format });
      const empty = await on.catalog.objects.put(version("empty", { size: 0 }), { blobs: [] });
      expect(empty.version.durability).to.deep.equal({ state: "stored", reports: 12, chargedBytes: 0 });
      const jobs = await on.catalog.jobs.lease(["encode"], 10, 1000);
      expect(jobs.map(({ subject, format: of }) => ({ subject, of }))).to.deep.equal([{ subject: id, of: format }]);
    });

    it("checks If-None-Match and If-Match against the current version in the same transaction", async () => {
      const put = (preconditions: object) =>
        on.catalog.objects.put(version("key"), { blobs: [slice("new")] }, preconditions);
      await refusal(put({ ifMatch: ["etag of key"] }), "noObject");
      await put({ ifNoneMatch: "*" });
      await refusal(put({ ifNoneMatch: "*" }), "preconditionFailed");
      await refusal(put({ ifMatch: ["another"] }), "preconditionFailed");
      await put({ ifMatch: ["etag of key"] });
      await refusal(on.catalog.objects.delete("box", "key", { ifMatch: ["another"] }), "preconditionFailed");
    });

    it("lets exactly one of many concurrent creations win", async () => {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 20 }, (_, index) =>
          on.catalog.objects.put(
            version("race", { etag: `e${index}` }),
            { blobs: [slice(`b${index}`)] },
            { ifNoneMatch: "*" },
          ),
        ),
      );
      expect(outcomes.filter((outcome) => outcome.status === "fulfilled")).to.have.length(1);
      const winner = outcomes.findIndex((outcome) => outcome.status === "fulfilled");
      expect((await on.catalog.objects.get("box", "race"))?.etag).to.equal(`e${winner}`);
      expect(
        await on.catalog.orphans(Array.from({ length: 20 }, (_, index) => slice(`b${index}`).blob)),
      ).to.have.length(19);
    });

    it("deletes what is there, and says when nothing was", async () => {
      await on.put("key", "blob");
      expect(await on.catalog.objects.delete("box", "key")).to.deep.equal({
        deleted: true,
        deleteMarker: false,
        orphans: ["blob"],
      });
      expect(await on.catalog.objects.delete("box", "key")).to.deep.equal({
        deleted: false,
        deleteMarker: false,
        orphans: [],
      });
      expect(await on.catalog.objects.get("box", "key")).to.equal(undefined);
      expect(await on.catalog.jobs.count()).to.deep.equal({ encode: 0, store: 0, delete: 0 });
    });

    it("links a version to its file: the FID shows, the store job is there, the encode job gone", async () => {
      const { id, file: row } = await on.putEncoded("key", "content");
      const fid = hash("fid content");
      const found = await on.catalog.objects.byId(id);
      expect(found?.extents).to.deep.equal([{ file: row, fid, offset: 0, length: 5 }]);
      expect(found?.durability).to.deep.equal({ state: "encoded", reports: 0, fid, chargedBytes: 3 * SEGMENT_SIZE });
      expect(await on.catalog.jobs.count()).to.deep.equal({ encode: 0, store: 1, delete: 0 });
      expect(await on.catalog.objects.blobs(id)).to.deep.equal([slice("blob of key")]);
      expect((await on.catalog.files.get(row))?.blobs).to.deep.equal([slice("blob of key")]);
    });

    it("attaches once, and not at all to a version deleted meanwhile", async () => {
      const {
        version: { id },
      } = await on.put("key");
      await on.catalog.objects.attach(id, [file("one", [slice("blob of key")])]);
      await on.catalog.objects.attach(id, [file("two", [slice("blob of key")])]);
      expect(await on.catalog.files.withFid(hash("fid two") as Fid)).to.deep.equal([]);
      const gone = await on.put("gone");
      await on.catalog.objects.delete("box", "gone");
      expect(await on.catalog.objects.attach(gone.version.id, [file("three", [slice("x")])])).to.deep.equal({
        orphans: [],
      });
      expect(await on.catalog.files.withFid(hash("fid three") as Fid)).to.deep.equal([]);
    });

    it("finds the objects that have a FID: current ones first, and those whose ETag has it before there is a file", async () => {
      const fid = hash("fid same") as Fid;
      await on.putEncoded("b", "same");
      await on.putEncoded("a", "same", { owner: "bert" });
      await on.putEncoded("other", "other");
      await on.put("early", "early", { fid });
      const found = (key: string) => ({ bucket: "box", key, versionId: "null", isLatest: true, whole: true });
      expect(await on.catalog.files.objectsWith(fid)).to.deep.equal([found("a"), found("b"), found("early")]);
      await on.catalog.objects.delete("box", "a");
      expect((await on.catalog.files.objectsWith(fid)).map(({ key }) => key)).to.deep.equal(["b", "early"]);
      await on.catalog.documents.put("box", "versioning", "Enabled");
      await on.put("b", "newer");
      expect((await on.catalog.files.objectsWith(fid)).map(({ key, isLatest }) => [key, isLatest])).to.deep.equal([
        ["early", true],
        ["b", false],
      ]);
      expect(await on.catalog.files.objectsWith(hash("fid none") as Fid)).to.deep.equal([]);
    });

    it("gives one owner's equal contents one file, and another owner's a file of its own", async () => {
      const first = await on.putEncoded("first", "same");
      const second = await on.putEncoded("second", "same");
      const other = await on.putEncoded("third", "same", { owner: "bert" });
      expect(second.file).to.equal(first.file);
      expect(other.file).not.to.equal(first.file);
      const rows = await on.catalog.files.withFid(hash("fid same") as Fid);
      expect(rows.map(({ id, owner, needed }) => ({ id, owner, needed }))).to.deep.equal([
        { id: first.file, owner: "anna", needed: true },
        { id: other.file, owner: "bert", needed: true },
      ]);
    });

    it("lets the staged bytes go at once where the same owner's file is stored already", async () => {
      await on.putStored("first", "same");
      const {
        version: { id },
      } = await on.put("second", "again");
      expect(await on.catalog.objects.attach(id, [file("same", [slice("again")])])).to.deep.equal({
        orphans: ["again"],
      });
      expect((await on.catalog.objects.byId(id))?.durability.state).to.equal("stored");
      expect(await on.catalog.objects.blobs(id)).to.deep.equal([]);
    });

    it("is as far as the least far of its files, and keeps all its bytes until all are stored", async () => {
      const {
        version: { id },
      } = await on.put("large", "bytes", { size: 10 });
      const root = hash("root") as Fid;
      await on.catalog.objects.attach(
        id,
        [file("a", [slice("bytes")]), file("b", [{ ...slice("bytes"), offset: 5 }])],
        root,
      );
      const [a, b] = await on.catalog.objects.extents(id);
      await on.catalog.files.advance(a!.file, "declared", 0);
      await on.catalog.files.advance(a!.file, "placed", 7);
      await on.catalog.files.advance(b!.file, "declared", 3);
      expect((await on.catalog.objects.byId(id))?.durability).to.deep.equal({
        state: "declared",
        reports: 3,
        fid: root,
        chargedBytes: 6 * SEGMENT_SIZE,
      });
      expect(await on.catalog.files.stored(b!.file)).to.deep.equal({ orphans: [] });
      expect((await on.catalog.objects.byId(id))?.durability).to.deep.include({
        state: "placed",
        reports: 7,
        fid: root,
      });
      expect(await on.catalog.objects.blobs(id)).to.have.length(1);
      expect(await on.catalog.files.stored(a!.file)).to.deep.equal({ orphans: ["bytes"] });
      expect((await on.catalog.objects.byId(id))?.durability).to.deep.equal({
        state: "stored",
        reports: 12,
        fid: root,
        chargedBytes: 6 * SEGMENT_SIZE,
      });
    });

    it("copies a staged version by its blobs, which stay while either needs them", async () => {
      await on.put("source", "shared");
      await on.catalog.objects.put(version("copy"), { blobs: [slice("shared")], copied: true });
      expect((await on.catalog.objects.delete("box", "source")).orphans).to.deep.equal([]);
      expect((await on.catalog.objects.delete("box", "copy")).orphans).to.deep.equal(["shared"]);
    });

    it("refuses to copy bytes that were let go since they were read", async () => {
      await on.put("source", "shared");
      await on.catalog.objects.delete("box", "source");
      await refusal(
        on.catalog.objects.put(version("copy"), { blobs: [slice("shared")], copied: true }),
        "copySourceDeleted",
      );
      expect(await on.catalog.objects.get("box", "copy")).to.equal(undefined);
    });

    it("copies a version by its files, with the staged bytes while they are needed", async () => {
      const source = await on.putEncoded("source");
      const extents = await on.catalog.objects.extents(source.id);
      await refusal(on.catalog.objects.put(version("copy"), { blobs: [], extents }), "copySourceDeleted");
      const { version: copy } = await on.catalog.objects.put(version("copy"), {
        blobs: await on.catalog.objects.blobs(source.id),
        extents,
      });
      expect(copy.durability).to.deep.equal({
        state: "encoded",
        reports: 0,
        fid: hash("fid source"),
        chargedBytes: 3 * SEGMENT_SIZE,
      });
      expect((await on.catalog.objects.delete("box", "source")).orphans).to.deep.equal([]);
      expect(await on.catalog.objects.blobs(copy.id)).to.deep.equal([slice("blob of source")]);
      expect((await on.catalog.files.stored(source.file)).orphans).to.deep.equal(["blob of source"]);
      const { version: another } = await on.catalog.objects.put(version("another"), { blobs: [], extents });
      expect(another.durability.state).to.equal("stored");
    });

    it("refuses to copy a file that is another owner's or is being deleted", async () => {
      const source = await on.putStored("source");
      const extents = await on.catalog.objects.extents(source.id);
      await refusal(
        on.catalog.objects.put(version("copy", { owner: "bert" }), { blobs: [], extents }),
        "copySourceDeleted",
      );
      await on.catalog.objects.delete("box", "source");
      expect(await on.catalog.files.beginDelete(source.file)).to.equal(true);
      await refusal(on.catalog.objects.put(version("copy"), { blobs: [], extents }), "copySourceDeleted");
    });

    it("copies from staged bytes what came to be needed while its file was being deleted", async () => {
      const gone = await on.putStored("gone", "same");
      await on.catalog.objects.delete("box", "gone");
      await on.catalog.files.beginDelete(gone.file);
      const source = await on.putEncoded("source", "same");
      const [blobs, extents] = [await on.catalog.objects.blobs(source.id), await on.catalog.objects.extents(source.id)];
      const { version: copy } = await on.catalog.objects.put(version("copy"), { blobs, extents, copied: true });
      await on.catalog.objects.delete("box", "source");
      expect(await on.catalog.objects.blobs(copy.id)).to.deep.equal(blobs);
      await on.catalog.files.deleted(gone.file);
      expect(await on.catalog.files.get(gone.file)).to.deep.include({ state: "encoded", needed: true, blobs });
      expect((await on.catalog.files.stored(gone.file)).orphans).to.deep.equal(blobs.map(({ blob }) => blob));
    });

    it("counts the segments that the chain does not count yet", async () => {
      const segments = async () => (await on.catalog.objects.undeclaredBytes("anna")) / SEGMENT_SIZE;
      expect(await segments()).to.equal(0);
      await on.catalog.objects.put(version("big", { size: 2 * SEGMENT_SIZE + 1 }), {
        blobs: [slice("big", 2 * SEGMENT_SIZE + 1)],
      });
      await on.put("other", "b", { owner: "bert" });
      expect(await segments()).to.equal(3);
      const cipher: SegmentFormat = { name: "cess-cbc", cipher: "x" };
      await on.catalog.objects.put(version("ciphered", { size: SEGMENT_SIZE, format: cipher }), {
        blobs: [slice("c", SEGMENT_SIZE)],
      });
      expect(await segments()).to.equal(5);
      await on.catalog.objects.delete("box", "ciphered");
      const { id } = (await on.catalog.objects.get("box", "big"))!;
      await on.catalog.objects.attach(id, [file("big", [slice("big")], { segments: ["1", "2", "3"].map(segment) })]);
      expect(await segments()).to.equal(3);
      const [extent] = await on.catalog.objects.extents(id);
      await on.catalog.files.advance(extent!.file, "declared", 0);
      expect(await segments()).to.equal(0);
      await on.catalog.files.advance(extent!.file, "encoded", 0);
      expect(await segments()).to.equal(3);
    });

    it("tells orphans from blobs that a version, a file or a part links", async () => {
      await on.put("key", "in version");
      const { file: row, id } = await on.putEncoded("encoded");
      await on.catalog.objects.delete("box", "encoded");
      await on.catalog.uploads.create({ id: "up", bucket: "box", key: "k", owner: "anna", content: {}, metadata: {} });
      await on.catalog.uploads.putPart("up", { partNumber: 1, size: 5, etag: "e", blob: slice("in part").blob });
      expect(await on.catalog.objects.byId(id)).to.equal(undefined);
      expect((await on.catalog.files.get(row))?.needed).to.equal(false);
      const asked = [
        "in version",
        "blob of encoded",
        "in part",
        "in nothing",
        ...Array.from({ length: 1200 }, (_, index) => `x${index}`),
      ];
      const orphans = await on.catalog.orphans(asked.map((blob) => slice(blob).blob));
      expect(orphans).to.have.length(1201);
      expect(orphans)
        .not.to.include.members(["in version"])
        .and.not.to.include.members(["blob of encoded"])
        .and.not.to.include.members(["in part"]);
    });

    it("finds the blobs that are linked by a part of their ids, whatever links them", async () => {
      await on.putEncoded("in a file", "content");
      await on.put("staged", "a-pack-1");
      await on.put("another", "a-other-1");
      const upload = { id: "upload", bucket: "box", key: "part", owner: "anna", content: {}, metadata: {} };
      await on.catalog.uploads.create(upload);
      const { blob } = slice("b-pack-2");
      await on.catalog.uploads.putPart(upload.id, { partNumber: 1, size: 5, etag: "e", blob });
      expect([...(await on.catalog.inspection.linkedContaining("-pack-"))].sort()).to.deep.equal([
        "a-pack-1",
        "b-pack-2",
      ]);
      expect(await on.catalog.inspection.linkedContaining("in a file")).to.deep.equal(["blob of in a file"]);
      expect(await on.catalog.inspection.linkedContaining("%")).to.deep.equal([]);
    });
  });
}
