import { expect } from "chai";
import { unlink } from "node:fs/promises";
import type { ReadRequest } from "../../../../src/gateway/gateway.js";
import type { ObjectVersion } from "../../../../src/model/object.js";
import { MIB } from "../../../../src/model/sizes.js";
import { collect } from "../../../support/collect.js";
import { alice, as, body, bytesOf, TestGateway, plainly, refused } from "../../../support/test-gateway.js";

describe("Reading an object", () => {
  let fixture: TestGateway;
  let version: ObjectVersion;
  const name = { bucket: "photos", key: "k" };
  const bytes = bytesOf(1_000_000, 7);
  beforeEach(async () => {
    fixture = await TestGateway.build();
    await fixture.gateway.buckets.create(as(alice), "photos");
    version = await fixture.gateway.objects.put(as(alice), name, body(bytes), {
      content: { cacheControl: "no-cache" },
      metadata: {},
    });
  });
  afterEach(() => fixture.close());

  const get = (request: Partial<ReadRequest>) =>
    fixture.gateway.objects.get(as(alice), name, { preconditions: {}, ...request });
  const head = (request: Partial<ReadRequest>) =>
    fixture.gateway.objects.head(as(alice), name, { preconditions: {}, ...request });

  it("gives ranges of staged bytes", async () => {
    for (const [range, start, end] of [
      [{ first: 10, last: 19 }, 10, 20],
      [{ first: 999_990 }, 999_990, 1_000_000],
      [{ suffix: 5 }, 999_995, 1_000_000],
      [{ first: 0, last: 5_000_000 }, 0, 1_000_000],
    ] as const) {
      const result = await get({ range });
      expect(result.range).to.deep.equal({ start, end });
      expect(await collect(result.body)).to.deep.equal(bytes.subarray(start, end));
    }
    expect((await get({})).range).to.equal(undefined);
  });

  it("gives what was just written from memory, ranges too, and each version its own bytes", async () => {
    const recent = await TestGateway.build({ recentBytes: MIB });
    const { catalog, gateway } = recent;
    try {
      await gateway.buckets.create(as(alice), "photos");
      const write = (text: string) =>
        gateway.objects.put(as(alice), name, body(Buffer.from(text)), { content: {}, metadata: {} });
      const read = async (range: Pick<ReadRequest, "range"> = {}) =>
        (await collect((await gateway.objects.get(as(alice), name, { preconditions: {}, ...range })).body)).toString();
      let asked = 0;
      const blobsOf = catalog.objects.blobs.bind(catalog.objects);
      catalog.objects.blobs = (id) => {
        asked++;
        return blobsOf(id);
      };
      await write("first");
      expect(await read()).to.equal("first");
      await write("second one");
      expect([
        await read(),
        await read({ range: { first: 7, last: 8 } }),
        await read({ range: { suffix: 3 } }),
      ]).to.deep.equal(["second one", "on", "one"]);
      expect(asked, "questions where the bytes are").to.equal(0);
      await write(bytes.subarray(0, 100_000).toString("latin1"));
      expect(await read()).to.have.length.above(99_999);
      expect(asked, "for one that is not kept").to.be.above(0);
    } finally {
      await recent.close();
    }
  });

  it("refuses a range outside the object, naming its size", async () => {
    const error = await refused("InvalidRange", get({ range: { first: 1_000_000 } }));
    expect(error.details.fields).to.deep.include({ ActualObjectSize: "1000000" });
    expect(error.details.headers).to.deep.include({ "content-range": "bytes */1000000" });
    await refused("InvalidRange", get({ range: { suffix: 0 } }));
  });

  it("knows an object put whole as its first and only part", async () => {
    expect((await head({ partNumber: 1 })).range).to.deep.equal({ start: 0, end: bytes.length });
    await refused("InvalidPartNumber", head({ partNumber: 2 }));
  });

  it("answers conditions, a NotModified with the validators", async () => {
    const { etag, createdAt } = version;
    const error = await refused("NotModified", head({ preconditions: { ifNoneMatch: [etag] } }));
    expect(error.details.headers).to.deep.equal({
      etag: `"${etag}"`,
      "last-modified": new Date(createdAt).toUTCString(),
      "cache-control": "no-cache",
    });
    await refused("NotModified", get({ preconditions: { ifModifiedSince: createdAt + 1000 } }));
    const failed = await refused("PreconditionFailed", get({ preconditions: { ifMatch: ["other"] } }));
    expect(failed.details.fields).to.deep.equal({ Condition: "If-Match" });
    await refused("PreconditionFailed", get({ preconditions: { ifUnmodifiedSince: createdAt - 5000 } }));
    expect((await head({ preconditions: { ifMatch: [etag], ifUnmodifiedSince: 0 } })).version.etag).to.equal(etag);
  });

  it("says NoSuchKey, and NoSuchVersion where a version was named", async () => {
    const { objects } = fixture.gateway;
    await refused("NoSuchKey", objects.get(as(alice), { bucket: "photos", key: "none" }, { preconditions: {} }));
    await refused("NoSuchVersion", objects.head(as(alice), { ...name, versionId: "123" }, { preconditions: {} }));
    expect((await objects.head(as(alice), { ...name, versionId: "null" }, { preconditions: {} })).version.id).to.equal(
      version.id,
    );
  });

  it("goes to the network when the bytes are stored there, for the range only", async () => {
    await fixture.store(version);
    expect(await fixture.blobIds()).to.deep.equal([]);
    const result = await get({ range: { first: 100, last: 299 } });
    expect(await collect(result.body)).to.deep.equal(bytes.subarray(100, 300));
    expect(fixture.retrieval.opened.map(({ range }) => range)).to.deep.equal([{ start: 100, end: 300 }]);
    expect(result.version.durability).to.include({ state: "stored" });
  });

  it("finishes from staging what it began there, although the object is stored or deleted meanwhile", async () => {
    const reading = await get({});
    await fixture.store(version);
    await fixture.gateway.objects.delete(as(alice), name);
    expect(await collect(reading.body)).to.deep.equal(bytes);
    await refused("NoSuchKey", get({}));
    expect(await fixture.blobIds(), "the blob went when the reader had it").to.deep.equal([]);
  });

  it("turns to the network when staged bytes go between the look at the row and the reading", async () => {
    const { catalog } = fixture;
    let looks = 0;
    const releasing = Object.assign(Object.create(catalog.objects) as typeof catalog.objects, {
      blobs: async (id: string) => {
        const blobs = await catalog.objects.blobs(id);
        if (looks++ === 0) await fixture.store(version);
        return blobs;
      },
    });
    const gateway = fixture.gatewayWith({
      catalog: Object.assign(Object.create(catalog) as typeof catalog, { objects: releasing }),
    });
    expect(await collect((await gateway.objects.get(as(alice), name, { preconditions: {} })).body)).to.deep.equal(
      bytes,
    );
    expect(fixture.retrieval.opened).to.have.length(1);
  });

  it("goes on from the network when another gateway lets the staged bytes go while they are read", async () => {
    const parts = [bytesOf(5 * MIB, 1), bytesOf(MIB, 2)];
    const { uploads, objects } = fixture.gateway;
    const at = { bucket: "photos", key: "parts" };
    const { id } = await uploads.create(as(alice), at, { content: {}, metadata: {} });
    const listed = [];
    for (const [n, part] of parts.entries())
      listed.push({ partNumber: n + 1, etag: (await uploads.putPart(as(alice), at, id, n + 1, body(part))).etag });
    const { result } = await uploads.complete(as(alice), at, id, { parts: listed });
    await result;
    const whole = Buffer.concat(parts);
    const reading = await objects.get(as(alice), at, { preconditions: {} });
    const chunks: Uint8Array[] = [];
    for await (const chunk of reading.body) {
      chunks.push(Uint8Array.from(chunk));
      if (chunks.length > 1) continue;
      // As by another process: it knows nothing of who reads here.
      const row = await fixture.catalog.objects.get("photos", "parts");
      const staged = await fixture.catalog.objects.blobs(row!.id);
      await fixture.store(row!);
      for (const { blob } of staged.slice(1)) await unlink(fixture.blobs.where(blob));
    }
    expect(Buffer.concat(chunks).equals(whole)).to.equal(true);
    expect(fixture.retrieval.opened).to.have.length(1);
    expect(fixture.retrieval.opened[0]!.range).to.deep.equal({ start: 5 * MIB, end: 6 * MIB });
  });

  it("is InternalError when the bytes are nowhere, before an answer begins: the object is damaged", async () => {
    await fixture.blobs.remove(await catalogBlobs());
    await refused("InternalError", get({}));
    expect((await head({})).version.durability.state).to.equal("damaged");
  });

  it("lets go of the blobs when the reader leaves before the end or without having read", async () => {
    const leaving = new AbortController();
    const left = await fixture.gateway.objects.get(as(alice, leaving.signal), name, { preconditions: {} });
    leaving.abort();
    const error: unknown = await collect(left.body).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(Error);
    (await get({})).body.close();
    await new Promise((resolve) => setImmediate(resolve));
    await fixture.gateway.objects.delete(as(alice), name);
    expect(await fixture.blobIds()).to.deep.equal([]);
  });

  it("deletes, and calls the deletion of what is not there success", async () => {
    const { objects } = fixture.gateway;
    await objects.delete(as(alice), { ...name, versionId: "another" });
    expect((await head({})).version.id).to.equal(version.id);
    await objects.delete(as(alice), name);
    await objects.delete(as(alice), name);
    await refused("NoSuchKey", head({}));
    expect(await fixture.catalog.jobs.count()).to.include({ encode: 0 });
  });

  const catalogBlobs = async () => (await fixture.catalog.objects.blobs(version.id)).map(({ blob }) => blob);
});

describe("CopyObject", () => {
  let fixture: TestGateway;
  const source = { bucket: "photos", key: "source" };
  const target = { bucket: "photos", key: "target" };
  const bytes = bytesOf(400_000, 8);
  let original: ObjectVersion;
  beforeEach(async () => {
    fixture = await TestGateway.build();
    await fixture.gateway.buckets.create(as(alice), "photos");
    original = await fixture.gateway.objects.put(as(alice), source, body(bytes), {
      content: { contentType: "text/a" },
      metadata: { a: "1" },
    });
  });
  afterEach(() => fixture.close());

  const copy = (request: object = {}) =>
    fixture.gateway.objects.copy(as(alice), target, { source, sourcePreconditions: {}, ...request });
  const read = async (at: typeof target) =>
    collect((await fixture.gateway.objects.get(as(alice), at, { preconditions: {} })).body);

  it("of a staged object shares its blob, which outlives the source", async () => {
    const copied = await copy();
    expect(copied).to.deep.include({
      etag: original.etag,
      checksum: original.checksum,
      content: original.content,
      metadata: original.metadata,
    });
    expect(await fixture.blobIds()).to.have.length(1);
    await fixture.gateway.objects.delete(as(alice), source);
    expect(await read(target)).to.deep.equal(bytes);
    await fixture.store(copied);
    expect(await read(target)).to.deep.equal(bytes);
  });

  it("of a stored object shares its file: nothing is read, staged or ordered", async () => {
    await fixture.store(original);
    const copied = await copy();
    expect(fixture.retrieval.opened).to.deep.equal([]);
    expect(await fixture.blobIds()).to.deep.equal([]);
    expect(copied.durability.state).to.equal("stored");
    expect(copied.durability.fid).to.be.a("string");
    expect(await fixture.catalog.jobs.count()).to.include({ encode: 0 });
    expect(await read(target)).to.deep.equal(bytes);
  });

  it("of an empty object is empty", async () => {
    await fixture.gateway.objects.put(as(alice), source, body(Buffer.alloc(0)), plainly);
    expect(await copy()).to.include({ size: 0 });
    expect(await read(target)).to.have.length(0);
  });

  it("replaces metadata where asked, also of an object onto itself, and refuses that otherwise", async () => {
    await refused(
      "InvalidRequest",
      fixture.gateway.objects.copy(as(alice), source, { source, sourcePreconditions: {} }),
    );
    const renewed = await fixture.gateway.objects.copy(as(alice), source, {
      source,
      sourcePreconditions: {},
      replaceMetadata: { content: { contentType: "text/b" }, metadata: { b: "2" } },
    });
    expect(renewed).to.deep.include({ content: { contentType: "text/b" }, metadata: { b: "2" }, etag: original.etag });
    expect(await read(source)).to.deep.equal(bytes);
  });

  it("of a stored object onto itself keeps its file, which is not deleted", async () => {
    await fixture.store(original);
    const renewed = await fixture.gateway.objects.copy(as(alice), source, {
      source,
      sourcePreconditions: {},
      replaceMetadata: { content: {}, metadata: { mtime: "1" } },
    });
    expect(renewed.durability.state).to.equal("stored");
    expect(await fixture.catalog.jobs.count()).to.deep.equal({ encode: 0, store: 0, delete: 0 });
    expect(await read(source)).to.deep.equal(bytes);
  });

  it("computes another checksum where one is asked for", async () => {
    const copied = await copy({ checksumAlgorithm: "SHA256" });
    const put = await fixture.gateway.objects.put(
      as(alice),
      target,
      body(bytes, { checksum: copied.checksum as never }),
      plainly,
    );
    expect(put.checksum).to.deep.equal(copied.checksum);
  });

  it("fails by the source's conditions and the target's", async () => {
    await refused("PreconditionFailed", copy({ sourcePreconditions: { ifMatch: ["other"] } }));
    await refused("PreconditionFailed", copy({ sourcePreconditions: { ifNoneMatch: [original.etag] } }));
    await refused("NoSuchKey", copy({ source: { ...source, key: "none" } }));
    await copy({ preconditions: { ifNoneMatch: "*" } });
    await refused("PreconditionFailed", copy({ preconditions: { ifNoneMatch: "*" } }));
  });

  it("begins again when the source is replaced between the look and the link", async () => {
    const { catalog } = fixture;
    const newer = bytesOf(50_000, 9);
    let replaced = false;
    const racing = Object.assign(Object.create(catalog.objects) as typeof catalog.objects, {
      extents: async (id: string) => {
        const extents = await catalog.objects.extents(id);
        if (!replaced) {
          replaced = true;
          await fixture.gateway.objects.put(as(alice), source, body(newer), plainly);
        }
        return extents;
      },
    });
    const gateway = fixture.gatewayWith({
      catalog: Object.assign(Object.create(catalog) as typeof catalog, { objects: racing }),
    });
    const copied = await gateway.objects.copy(as(alice), target, { source, sourcePreconditions: {} });
    expect(copied.size).to.equal(newer.length);
    expect(await read(target)).to.deep.equal(newer);
  });

  it("says NoSuchKey when the source is deleted between the look and the link", async () => {
    const { catalog } = fixture;
    const racing = Object.assign(Object.create(catalog.objects) as typeof catalog.objects, {
      blobs: async (id: string) => {
        await fixture.gateway.objects.delete(as(alice), source);
        return catalog.objects.blobs(id);
      },
      extents: async (id: string) => {
        await fixture.gateway.objects.delete(as(alice), source);
        return catalog.objects.extents(id);
      },
    });
    const gateway = fixture.gatewayWith({
      catalog: Object.assign(Object.create(catalog) as typeof catalog, { objects: racing }),
    });
    await refused("NoSuchKey", gateway.objects.copy(as(alice), target, { source, sourcePreconditions: {} }));
  });

  it("moves the bytes when the source's file is charged to another territory", async () => {
    await fixture.store(original);
    const moved = { ...alice, territory: "second" };
    await refused(
      "TerritoryNotFound",
      fixture.gateway.objects.copy(as(moved), target, { source, sourcePreconditions: {} }),
    );
    fixture.chain.addTerritory(alice.cessAccount, "second", 1024n * BigInt(MIB));
    const copied = await fixture.gateway.objects.copy(as(moved), target, { source, sourcePreconditions: {} });
    expect(copied.durability.state).to.equal("staged");
    expect(copied.etag).to.equal(original.etag);
    expect(await read(target)).to.deep.equal(bytes);
  });
});
