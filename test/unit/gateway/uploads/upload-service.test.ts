import { expect } from "chai";
import { createHash } from "node:crypto";
import { beginDigest } from "../../../../src/digests/digest.js";
import type { CompleteRequest, CreateUploadSettings } from "../../../../src/gateway/gateway.js";
import type { Part } from "../../../../src/model/object.js";
import { MIB, SEGMENT_SIZE } from "../../../../src/model/sizes.js";
import { collect } from "../../../support/collect.js";
import {
  alice,
  as,
  body,
  bytesOf,
  TestGateway,
  plainly,
  refused,
  type TestGatewaySettings,
} from "../../../support/test-gateway.js";

const name = { bucket: "photos", key: "video" };
const listed = (parts: readonly Part[]) => parts.map(({ partNumber, etag }) => ({ partNumber, etag }));

describe("Multipart uploads", () => {
  let fixture: TestGateway;
  afterEach(() => fixture.close());

  async function build(settings: TestGatewaySettings = {}): Promise<void> {
    fixture = await TestGateway.build(settings);
    await fixture.gateway.buckets.create(as(alice), "photos");
  }
  const create = async (settings: Partial<CreateUploadSettings> = {}) =>
    (await fixture.gateway.uploads.create(as(alice), name, { ...plainly, ...settings })).id;
  const put = (id: string, partNumber: number, bytes: Uint8Array) =>
    fixture.gateway.uploads.putPart(as(alice), name, id, partNumber, body(bytes));
  const complete = async (id: string, request: CompleteRequest) =>
    (await fixture.gateway.uploads.complete(as(alice), name, id, request)).result;
  const read = async () => collect((await fixture.gateway.objects.get(as(alice), name, { preconditions: {} })).body);

  it("become one object of the parts in order, its ETag the FID of the bytes", async () => {
    await build();
    const bytes = bytesOf(40 * MIB, 21);
    const cuts = [0, 15 * MIB, 33 * MIB, 40 * MIB];
    const id = await create({ content: { contentType: "video/mp4" }, metadata: { m: "1" } });
    const parts: Part[] = [];
    for (const n of [3, 1, 2]) parts[n - 1] = await put(id, n, bytes.subarray(cuts[n - 1], cuts[n]));
    expect(parts[0]!.etag).to.equal(createHash("md5").update(bytes.subarray(0, cuts[1])).digest("hex"));
    const request = { parts: listed(parts), size: bytes.length };
    const completed = await complete(id, request);
    const hashes = [
      bytes.subarray(0, SEGMENT_SIZE),
      Buffer.concat([bytes.subarray(SEGMENT_SIZE), Buffer.alloc(2 * SEGMENT_SIZE - bytes.length)]),
    ].map((segment) => createHash("sha256").update(segment).digest());
    expect(completed.etag).to.equal(createHash("sha256").update(Buffer.concat(hashes)).digest("hex"));
    const { version } = await fixture.gateway.objects.head(as(alice), name, { preconditions: {} });
    expect(version).to.deep.include({
      etag: completed.etag,
      size: bytes.length,
      content: { contentType: "video/mp4" },
      metadata: { m: "1" },
    });
    expect(version.durability).to.deep.equal({
      state: "staged",
      reports: 0,
      fid: completed.etag,
      chargedBytes: 6 * SEGMENT_SIZE,
    });
    expect(completed.chargedBytes).to.equal(6 * SEGMENT_SIZE);
    expect((await read()).equals(bytes)).to.equal(true);
    expect(await fixture.catalog.jobs.count()).to.include({ encode: 1, store: 0 });

    const second = await fixture.gateway.objects.get(as(alice), name, { preconditions: {}, partNumber: 2 });
    expect(second).to.deep.include({ range: { start: cuts[1], end: cuts[2] }, partsCount: 3 });
    second.body.close();
    await fixture.encode(version);
    const encoded = (await fixture.gateway.objects.head(as(alice), name, { preconditions: {} })).version;
    expect(encoded.durability).to.include({ state: "encoded", fid: completed.etag });
    expect((await read()).equals(bytes), "still staged").to.equal(true);
    await fixture.store(version);
    expect((await read()).equals(bytes), "from the network").to.equal(true);

    const again = await complete(id, request);
    expect(again, "the same Complete has the same answer").to.deep.equal(completed);
    await refused("NoSuchUpload", complete(id, { parts: listed(parts.slice(0, 2)) }));
    await refused("NoSuchUpload", put(id, 4, bytes.subarray(0, 1)));
    await refused("NoSuchUpload", fixture.gateway.uploads.abort(as(alice), name, id));
  });

  it("refuse a Complete whose parts are not those that are there", async () => {
    await build();
    const id = await create();
    await refused("MalformedXML", complete(id, { parts: [] }));
    const one = await put(id, 1, bytesOf(MIB, 1));
    const two = await put(id, 2, bytesOf(MIB, 2));
    await refused("InvalidPartOrder", complete(id, { parts: listed([two, one]) }));
    await refused("InvalidPartOrder", complete(id, { parts: listed([one, one]) }));
    await refused("InvalidPart", complete(id, { parts: [{ partNumber: 1, etag: two.etag }] }));
    await refused("InvalidPart", complete(id, { parts: [{ partNumber: 3, etag: one.etag }] }));
    await refused(
      "InvalidPart",
      complete(id, { parts: [{ ...listed([one])[0]!, checksum: { algorithm: "CRC64NVME", value: "AAAAAAAAAAA=" } }] }),
    );
    const small = await refused("EntityTooSmall", complete(id, { parts: listed([one, two]) }));
    expect(small.details.fields).to.deep.equal({
      ProposedSize: String(MIB),
      MinSizeAllowed: String(5 * MIB),
      PartNumber: "1",
      ETag: one.etag,
    });
    await refused("InvalidRequest", complete(id, { parts: listed([one]), size: MIB + 1 }));
    await refused("NoSuchUpload", complete("unknown", { parts: listed([one]) }));
    await refused("NoSuchKey", complete(id, { parts: listed([one]), preconditions: { ifMatch: ["x"] } }));
    await complete(id, { parts: listed([two]) });
    expect(await fixture.blobIds(), "the part that was not listed is gone").to.have.length(1);
    expect(await read()).to.deep.equal(bytesOf(MIB, 2));
  });

  it("replace a part put again, and remove the bytes of the old one", async () => {
    await build();
    const id = await create();
    await put(id, 1, bytesOf(1000, 1));
    const newer = await put(id, 1, bytesOf(2000, 2));
    expect(await fixture.blobIds()).to.have.length(1);
    await complete(id, { parts: listed([newer]) });
    expect(await read()).to.deep.equal(bytesOf(2000, 2));
  });

  it("share one run between Completes that come together", async () => {
    await build();
    const id = await create();
    const parts = [await put(id, 1, bytesOf(6 * MIB, 1)), await put(id, 2, bytesOf(100, 2))];
    const results = await Promise.all(Array.from({ length: 4 }, () => complete(id, { parts: listed(parts) })));
    for (const result of results) expect(result).to.deep.equal(results[0]);
    expect(fixture.work).to.equal(1);
  });

  it("let either an abort or a Complete win", async () => {
    await build();
    for (let round = 0; round < 3; round++) {
      const id = await create();
      const part = await put(id, 1, bytesOf(100_000, round));
      const [completing, aborting] = await Promise.allSettled([
        complete(id, { parts: listed([part]) }),
        new Promise((resolve) => setTimeout(resolve, round * 40)).then(() =>
          fixture.gateway.uploads.abort(as(alice), name, id),
        ),
      ]);
      const statuses = [completing.status, aborting.status].sort();
      expect(statuses, `round ${round}`).to.deep.equal(["fulfilled", "rejected"]);
      const loser = completing.status === "rejected" ? completing : (aborting as PromiseRejectedResult);
      await refused("NoSuchUpload", Promise.reject(loser.reason as Error));
      if (completing.status === "fulfilled") {
        expect(await read()).to.deep.equal(bytesOf(100_000, round));
        await fixture.gateway.objects.delete(as(alice), name);
      } else await refused("NoSuchKey", read());
    }
  });

  it("are gone with their bytes when aborted, and an abort again succeeds", async () => {
    await build();
    const id = await create();
    const part = await put(id, 1, bytesOf(1000, 1));
    await fixture.gateway.uploads.abort(as(alice), name, id);
    await fixture.gateway.uploads.abort(as(alice), name, id);
    await refused("NoSuchUpload", fixture.gateway.uploads.abort(as(alice), name, "unknown"));
    await refused("NoSuchUpload", put(id, 1, bytesOf(1000, 1)));
    await refused("NoSuchUpload", complete(id, { parts: listed([part]) }));
    await refused("NoSuchUpload", fixture.gateway.uploads.parts(as(alice), name, id, 0, 10));
    expect(await fixture.blobIds()).to.deep.equal([]);
  });

  it("leave no trace of a part that was refused", async () => {
    await build();
    const id = await create({ checksumAlgorithm: "SHA256" });
    const { uploads } = fixture.gateway;
    await refused("InvalidArgument", put(id, 0, bytesOf(10, 1)));
    await refused("InvalidArgument", put(id, 10_001, bytesOf(10, 1)));
    await refused("IncompleteBody", uploads.putPart(as(alice), name, id, 1, body(bytesOf(10, 1), { size: 11 })));
    await refused(
      "BadDigest",
      uploads.putPart(as(alice), name, id, 1, body(bytesOf(10, 1), { md5: Buffer.alloc(16).toString("base64") })),
    );
    await refused(
      "InvalidRequest",
      uploads.putPart(as(alice), name, id, 1, body(bytesOf(10, 1), { algorithm: "CRC32" })),
    );
    expect((await uploads.parts(as(alice), name, id, 0, 10)).parts).to.deep.equal([]);
    expect(await fixture.blobIds()).to.deep.equal([]);
  });

  it("know the whole object's CRC from the parts', and a composite of digests", async () => {
    await build();
    const pieces = [bytesOf(5 * MIB, 1), bytesOf(1234, 2)];
    for (const algorithm of ["CRC32", "CRC32C", "CRC64NVME"] as const) {
      const id = await create({ checksumAlgorithm: algorithm, checksumType: "FULL_OBJECT" });
      const parts = [await put(id, 1, pieces[0]!), await put(id, 2, pieces[1]!)];
      const digest = await beginDigest(algorithm);
      for (const piece of pieces) digest.update(piece);
      const value = digest.digest().toString("base64");
      const wrong = { algorithm, value: Buffer.alloc(algorithm === "CRC64NVME" ? 8 : 4).toString("base64") };
      await refused("BadDigest", complete(id, { parts: listed(parts), checksum: wrong }));
      await refused("InvalidRequest", complete(id, { parts: listed(parts), checksumType: "COMPOSITE" }));
      const completed = await complete(id, { parts: listed(parts), checksum: { algorithm, value } });
      expect(completed.checksum).to.deep.equal({ algorithm, type: "FULL_OBJECT", value });
    }
    const id = await create({ checksumAlgorithm: "SHA256" });
    const parts = [await put(id, 1, pieces[0]!), await put(id, 2, pieces[1]!)];
    const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
    const value = `${sha256(Buffer.concat(pieces.map(sha256))).toString("base64")}-2`;
    await refused("InvalidRequest", complete(id, { parts: listed(parts) }));
    const summed = parts.map(({ partNumber, etag, checksum }) => ({
      partNumber,
      etag,
      checksum: { algorithm: "SHA256" as const, value: checksum?.value ?? "" },
    }));
    expect((await complete(id, { parts: summed })).checksum).to.deep.equal({
      algorithm: "SHA256",
      type: "COMPOSITE",
      value,
    });
  });

  it("end although the retention they were created with is over by then", async () => {
    fixture = await TestGateway.build();
    await fixture.gateway.buckets.create(as(alice), "photos", { objectLock: true });
    const retention = { mode: "GOVERNANCE" as const, until: fixture.clock.now() + 1000 };
    const id = await create({ lock: { retention } });
    const bytes = bytesOf(10, 1);
    const md5 = createHash("md5").update(bytes).digest("base64");
    await fixture.clock.advance(2000);
    await refused("InvalidArgument", create({ lock: { retention } }));
    const part = await fixture.gateway.uploads.putPart(as(alice), name, id, 1, body(bytes, { md5 }));
    await complete(id, { parts: listed([part]) });
    expect((await fixture.gateway.objects.head(as(alice), name, { preconditions: {} })).version.lock).to.deep.equal({
      retention,
    });
  });

  it("refuse a checksum type that does not go with the algorithm", async () => {
    await build();
    await refused("InvalidRequest", create({ checksumType: "FULL_OBJECT" }));
    await refused("InvalidRequest", create({ checksumAlgorithm: "SHA1", checksumType: "FULL_OBJECT" }));
    await refused("InvalidRequest", create({ checksumAlgorithm: "CRC64NVME", checksumType: "COMPOSITE" }));
  });

  it("take parts from other objects, whole or a range of them", async () => {
    await build();
    const bytes = bytesOf(6 * MIB, 3);
    const source = { bucket: "photos", key: "source" };
    await fixture.gateway.objects.put(as(alice), source, body(bytes), plainly);
    const id = await create();
    const { uploads } = fixture.gateway;
    const copy = (n: number, first: number, last: number) =>
      uploads.copyPart(as(alice), name, id, n, { source, range: { first, last }, sourcePreconditions: {} });
    const parts = [
      await copy(1, 0, 5 * MIB - 1),
      await copy(2, 100, 299),
      await uploads.copyPart(as(alice), name, id, 3, { source, sourcePreconditions: {} }),
    ];
    await refused("InvalidArgument", copy(4, 0, bytes.length));
    await refused(
      "PreconditionFailed",
      uploads.copyPart(as(alice), name, id, 4, { source, sourcePreconditions: { ifMatch: ["other"] } }),
    );
    await refused(
      "NoSuchKey",
      uploads.copyPart(as(alice), name, id, 4, { source: { ...source, key: "none" }, sourcePreconditions: {} }),
    );
    await complete(id, { parts: listed([parts[0]!, parts[2]!]) });
    expect((await read()).equals(Buffer.concat([bytes.subarray(0, 5 * MIB), bytes]))).to.equal(true);
    expect(parts[1]!.etag).to.equal(createHash("md5").update(bytes.subarray(100, 300)).digest("hex"));
  });

  it("may make an empty object of one empty part", async () => {
    await build();
    const id = await create();
    const part = await put(id, 1, Buffer.alloc(0));
    const { etag } = await complete(id, { parts: listed([part]) });
    expect(etag).to.match(/^[0-9a-f]{32}-1$/);
    expect(await read()).to.have.length(0);
    expect(await fixture.blobIds()).to.deep.equal([]);
    expect(await fixture.catalog.jobs.count()).to.include({ encode: 0, store: 0 });
  });

  it("of several files have the root over all segments, stored and read back as one", async () => {
    await build({ maxSegmentsPerFile: 1 });
    const bytes = bytesOf(34 * MIB, 5);
    const id = await create();
    const { etag } = await complete(id, { parts: listed([await put(id, 1, bytes)]) });
    const { version } = await fixture.gateway.objects.head(as(alice), name, { preconditions: {} });
    expect(version.durability.fid).to.equal(etag);
    await fixture.store(version);
    expect((await fixture.catalog.objects.byId(version.id))?.durability).to.include({ state: "stored", fid: etag });
    expect(await fixture.catalog.objects.extents(version.id)).to.have.length(2);
    const range = { first: SEGMENT_SIZE - 10, last: SEGMENT_SIZE + 9 };
    const got = await fixture.gateway.objects.get(as(alice), name, { preconditions: {}, range });
    expect(await collect(got.body)).to.deep.equal(bytes.subarray(range.first, range.last + 1));
  });

  it("have the ETag that is configured", async () => {
    await build();
    const bytes = bytesOf(1000, 1);
    const segment = createHash("sha256")
      .update(bytes)
      .update(Buffer.alloc(SEGMENT_SIZE - bytes.length));
    const leaf = segment.digest();
    const fid = createHash("sha256").update(leaf).update(leaf).digest("hex");
    const md5 = createHash("md5").update(createHash("md5").update(bytes).digest()).digest("hex");
    for (const [multipartEtag, etag, known] of [
      ["fid", fid, fid],
      ["fid-parts", `${fid}-1`, fid],
      ["md5-parts", `${md5}-1`, undefined],
    ] as const) {
      const { uploads, objects } = fixture.gatewayWith({}, { multipartEtag });
      const id = await create();
      const parts = listed([await put(id, 1, bytes)]);
      expect((await (await uploads.complete(as(alice), name, id, { parts })).result).etag).to.equal(etag);
      const { version } = await objects.head(as(alice), name, { preconditions: {} });
      expect(version.durability, multipartEtag).to.deep.equal({
        state: "staged",
        reports: 0,
        chargedBytes: 3 * SEGMENT_SIZE,
        ...(known === undefined ? {} : { fid: known }),
      });
      expect((await (await uploads.complete(as(alice), name, id, { parts })).result).etag, "again").to.equal(etag);
      await fixture.encode(version);
      const encoded = (await objects.head(as(alice), name, { preconditions: {} })).version;
      expect(encoded.durability).to.include({ state: "encoded", fid });
      expect(encoded.etag).to.equal(etag);
      await objects.delete(as(alice), name);
    }
  });

  it("with an MD5 as their ETag are completed, and read back before and after they are stored", async () => {
    await build({ multipartEtag: "md5-parts" });
    const bytes = bytesOf(40 * MIB, 4);
    const id = await create();
    const parts = [await put(id, 1, bytes.subarray(0, 33 * MIB)), await put(id, 2, bytes.subarray(33 * MIB))];
    await complete(id, { parts: listed(parts) });
    const { version } = await fixture.gateway.objects.head(as(alice), name, { preconditions: {} });
    expect((await read()).equals(bytes), "staged").to.equal(true);
    // The process ends, and the next one finds the job.
    fixture = await TestGateway.build({ multipartEtag: "md5-parts" }, await fixture.end());
    expect((await read()).equals(bytes), "staged, after a restart").to.equal(true);
    await fixture.encode(version);
    await fixture.store(version);
    expect((await fixture.catalog.objects.byId(version.id))?.durability.state).to.equal("stored");
    expect(await fixture.blobIds()).to.deep.equal([]);
    expect((await read()).equals(bytes), "from the network").to.equal(true);
  });

  it("are listed with their parts, page by page", async () => {
    await build();
    const { uploads } = fixture.gateway;
    const first = await create();
    const second = await create();
    for (const n of [1, 2, 3]) await put(first, n, bytesOf(10, n));
    const page = await uploads.parts(as(alice), name, first, 0, 2);
    expect(page.parts.map(({ partNumber }) => partNumber)).to.deep.equal([1, 2]);
    expect(page.truncated).to.equal(true);
    expect((await uploads.parts(as(alice), name, first, 2, 2)).truncated).to.equal(false);
    const request = { prefix: "", delimiter: "", keyMarker: "", uploadIdMarker: "", limit: 1 };
    const one = await uploads.list(as(alice), "photos", request);
    expect(one).to.deep.include({ truncated: true, nextKeyMarker: "video", nextUploadIdMarker: first });
    const two = await uploads.list(as(alice), "photos", { ...request, keyMarker: "video", uploadIdMarker: first });
    expect(two.uploads.map(({ id }) => id)).to.deep.equal([second]);
    expect(two.truncated).to.equal(false);
  });
});
