import { expect } from "chai";
import { ANONYMOUS } from "../../../../src/model/account.js";
import { NETWORK_OWNER } from "../../../../src/model/bucket.js";
import { DomainError } from "../../../../src/model/errors.js";
import type { AskingGateway } from "../../../support/asking-gateway.js";
import { collect } from "../../../support/collect.js";
import { alice, as, body, bob, plainly, refused, type TestGateway } from "../../../support/test-gateway.js";
import { cipher, content, fid, NetworkFixture, pending, reader } from "./network-fixture.js";

const whole = { preconditions: {} };

describe("The network bucket", () => {
  let network: NetworkFixture;
  let fixture: TestGateway;

  beforeEach(async () => {
    network = await NetworkFixture.build();
    fixture = network.test;
  });
  afterEach(() => fixture.close());

  const open = (name?: string) => network.open(name);
  const gateway = (name?: string) => network.gateway(name);

  it("reads any file the chain knows by its FID, whole or in part", async () => {
    const { objects } = await gateway();
    const { version, body } = await objects.get(as(reader), { bucket: "cess", key: fid }, whole);
    expect(version).to.include({ size: 5000, etag: fid });
    expect(version.durability).to.include({ state: "stored", fid });
    expect(Buffer.compare(await collect(body), content)).to.equal(0);
    const part = await objects.get(
      as(reader),
      { bucket: "cess", key: fid },
      { ...whole, range: { first: 10, last: 19 } },
    );
    expect(part.range).to.deep.equal({ start: 10, end: 20 });
    expect(Buffer.compare(await collect(part.body), content.subarray(10, 20))).to.equal(0);
    expect((await objects.head(as(reader), { bucket: "cess", key: fid }, whole)).version.size).to.equal(5000);
  });

  it("answers preconditions and ranges as for any object", async () => {
    const { objects } = await gateway();
    await refused(
      "NotModified",
      objects.head(as(reader), { bucket: "cess", key: fid }, { preconditions: { ifNoneMatch: [fid] } }),
    );
    await refused(
      "InvalidRange",
      objects.get(as(reader), { bucket: "cess", key: fid }, { ...whole, range: { first: 5000 } }),
    );
    await refused("NoSuchVersion", objects.head(as(reader), { bucket: "cess", key: fid, versionId: "1" }, whole));
  });

  it("knows no other keys", async () => {
    const { objects } = await gateway();
    for (const key of ["0".repeat(64), "photo.jpg", fid.toUpperCase()])
      await refused("NoSuchKey", objects.get(as(reader), { bucket: "cess", key }, whole));
  });

  it("is closed to accounts that may not read the network", async () => {
    const { objects } = await gateway();
    await refused("AccessDenied", objects.get(as(bob), { bucket: "cess", key: fid }, whole));
    await refused("AccessDenied", objects.head(as(bob), { bucket: "cess", key: fid }, whole));
  });

  it("lets nobody write, delete or create it", async () => {
    const { objects, buckets, uploads } = await gateway();
    await refused("AccessDenied", objects.put(as(reader), { bucket: "cess", key: fid }, body(content), plainly));
    await refused("AccessDenied", objects.delete(as(reader), { bucket: "cess", key: fid }));
    await refused(
      "AccessDenied",
      uploads.create(as(reader), { bucket: "cess", key: fid }, { content: {}, metadata: {} }),
    );
    await refused("AccessDenied", buckets.delete(as(reader), "cess"));
    await refused("BucketAlreadyExists", buckets.create(as(reader), "cess"));
    expect(await buckets.list(as(reader))).to.deep.equal([]);
  });

  describe("behind the door of every bucket", () => {
    const name = { bucket: "cess", key: fid };
    const fromIt = { source: name, sourcePreconditions: {} };
    let asked: AskingGateway;
    beforeEach(async () => {
      asked = await gateway();
      await asked.buckets.create(as(alice), "mine");
    });

    const get = async (by: AskingGateway, account = reader) =>
      collect((await by.objects.get(as(account), name, whole)).body);
    const head = (by: AskingGateway, account = reader) => by.objects.head(as(account), name, whole);
    const copy = (by: AskingGateway, account = reader) =>
      by.objects.copy(as(account), { bucket: "mine", key: "mine/copy" }, fromIt);
    /** An upload that is open already: what is asked is the copy of a part. */
    async function copyPart(by: AskingGateway, account = reader) {
      const target = { bucket: "mine", key: "mine/parts" };
      const { id } = await asked.uploads.create(as(account), target, { content: {}, metadata: {} });
      return by.uploads.copyPart(as(account), target, id, 1, fromIt);
    }

    it("is read with a key whose limits let it in", async () => {
      for (const limits of [
        {},
        { buckets: ["cess"] },
        { buckets: ["mine", "c?s*"] },
        { permission: "read" },
        { permission: "read-write", prefixes: [fid.slice(0, 8)] },
      ] as const) {
        const by = asked.asking({ limits });
        expect((await get(by)).equals(content), JSON.stringify(limits)).to.equal(true);
        expect((await head(by)).version.size).to.equal(content.length);
      }
    });

    it("is denied to a key that is limited to another bucket, to writing, or to other keys, as a copy's source too", async () => {
      for (const limits of [
        { buckets: ["mine"] },
        { buckets: [] },
        { permission: "write" },
        { prefixes: ["mine/"] },
        { prefixes: [] },
        { buckets: ["cess", "mine"], permission: "write", prefixes: [fid, "mine/"] },
      ] as const) {
        const by = asked.asking({ limits });
        for (const ask of [get, head, copy, copyPart]) await refused("AccessDenied", ask(by));
      }
    });

    it("is denied where another owner is expected", async () => {
      for (const expectedOwner of [reader.id, bob.id]) {
        await refused("AccessDenied", get(asked.asking({ expectedOwner })));
        await refused("AccessDenied", head(asked.asking({ expectedOwner })));
      }
      expect((await get(asked.asking({ expectedOwner: NETWORK_OWNER }))).equals(content)).to.equal(true);
      for (const ask of [copy, copyPart]) {
        await refused("AccessDenied", ask(asked.asking({ expectedSourceOwner: reader.id })));
        await refused("AccessDenied", ask(asked.asking({ expectedOwner: NETWORK_OWNER })));
        await ask(asked.asking({ expectedOwner: reader.id, expectedSourceOwner: NETWORK_OWNER }));
      }
    });

    it("is denied to whoever does not sign", async () => {
      const by = asked.asking({ anonymous: true });
      for (const ask of [get, head, copy]) await refused("AccessDenied", ask(by, ANONYMOUS));
    });

    it("is the source of CopyObject for accounts that may read it: the file becomes the account's own, and no bytes move", async () => {
      const copied = await copy(asked);
      expect(copied).to.include({ size: content.length, etag: fid });
      expect(copied).not.to.have.property("sourceVersionId");
      expect(copied.durability).to.include({ state: "stored", fid, reports: 12 });
      expect(copied.content).to.deep.equal({ contentType: "application/pdf" });
      expect(fixture.retrieval.opened).to.deep.equal([]);
      expect(await fixture.blobIds()).to.deep.equal([]);
      const { body: read } = await asked.objects.get(as(alice), { bucket: "mine", key: "mine/copy" }, whole);
      expect((await collect(read)).equals(content)).to.equal(true);
    });

    it("is the source of UploadPartCopy for accounts that may read it, whole or in part", async () => {
      const target = { bucket: "mine", key: "parts" };
      const { id } = await asked.uploads.create(as(reader), target, { content: {}, metadata: {} });
      await asked.uploads.copyPart(as(reader), target, id, 1, { ...fromIt, range: { first: 0, last: 99 } });
      const part = await asked.uploads.copyPart(as(reader), target, id, 1, {
        ...fromIt,
        range: { first: 100, last: 4_099 },
      });
      expect(part.size).to.equal(4_000);
      const { result } = await asked.uploads.complete(as(reader), target, id, {
        parts: [{ partNumber: 1, etag: part.etag }],
      });
      await result;
      const { body: read } = await asked.objects.get(as(alice), target, whole);
      expect((await collect(read)).equals(content.subarray(100, 4_100))).to.equal(true);
    });

    it("is no source for accounts that may not read it", async () => {
      for (const ask of [copy, copyPart]) await refused("AccessDenied", ask(asked, alice));
      await refused("NoSuchKey", asked.objects.head(as(alice), { bucket: "mine", key: "mine/copy" }, whole));
    });

    it("knows no object that a customer's key would open", async () => {
      const customer = { key: Buffer.alloc(32, 1), md5: "" };
      const read = { ...whole, customer };
      await refused("InvalidRequest", asked.objects.head(as(reader), name, read));
      await refused("InvalidRequest", asked.objects.get(as(reader), name, read));
      await refused(
        "InvalidRequest",
        asked.objects.copy(as(reader), { bucket: "mine", key: "copy" }, { ...fromIt, sourceCustomer: customer }),
      );
    });
  });

  describe("with a cipher", () => {
    const key = { text: cipher };

    it("reads a file in DeOSS's scheme", async () => {
      const { objects } = await gateway();
      const { version } = await objects.head(as(reader), { bucket: "cess", key: fid }, { ...whole, cipher: key });
      expect(version).to.include({ size: 4_000, etag: fid });
      const range = { first: 3_990, last: 5_000 };
      const got = await objects.get(as(reader), { bucket: "cess", key: fid }, { ...whole, cipher: key, range });
      expect(got.range).to.deep.equal({ start: 3_990, end: 4_000 });
      got.body.close();
      expect(fixture.retrieval.opened.at(-1)?.file.format).to.deep.equal({ name: "cess-cbc", cipher });
    });

    it("refuses one that is wrong, and one that none can be", async () => {
      const { objects } = await gateway();
      const head = (text: string) =>
        objects.head(as(reader), { bucket: "cess", key: fid }, { ...whole, cipher: { text } });
      await refused("AccessDenied", head("another"));
      await refused("InvalidArgument", head(""));
      await refused("InvalidArgument", head("x".repeat(33)));
    });

    it("is not for other buckets: a customer's cipher is refused there, and DeOSS's header ignored", async () => {
      const { objects, buckets } = await gateway();
      await buckets.create(as(alice), "mine");
      await objects.put(as(alice), { bucket: "mine", key: "a" }, body(content), plainly);
      const head = (md5?: string) =>
        objects.head(
          as(alice),
          { bucket: "mine", key: "a" },
          { ...whole, cipher: { text: cipher, ...(md5 === undefined ? {} : { md5 }) } },
        );
      await refused("InvalidRequest", head("md5"));
      expect((await head()).version.size).to.equal(content.length);
    });

    it("keeps it with the copy, which is read without it", async () => {
      const { objects, buckets } = await gateway();
      await buckets.create(as(alice), "mine");
      const source = { bucket: "cess", key: fid };
      const request = { source, sourcePreconditions: {}, sourceCipher: key };
      const copied = await objects.copy(as(reader), { bucket: "mine", key: "copy" }, request);
      expect(copied).to.include({ size: 4_000, etag: fid });
      expect(copied.encryption).to.deep.equal({ algorithm: "cess-cbc" });
      const [extent] = copied.extents;
      expect((await fixture.catalog.files.get(extent!.file))?.format).to.deep.equal({ name: "cess-cbc", cipher });
      const { body: read } = await objects.get(as(alice), { bucket: "mine", key: "copy" }, whole);
      read.close();
      expect(fixture.retrieval.opened.at(-1)?.file.format).to.deep.equal({ name: "cess-cbc", cipher });
    });
  });

  describe("a file whose deal is pending", () => {
    const name = { bucket: "cess", key: pending };

    it("is there for HEAD, without bytes", async () => {
      const { objects } = await gateway();
      const { version } = await objects.head(as(reader), name, whole);
      expect(version).to.include({ size: 77, etag: pending });
      expect(version.durability).to.include({ reports: 3, fid: pending });
      expect(version.network).to.deep.include({ owners: network.owners, reports: 3 });
    });

    it("can be neither read nor copied yet", async () => {
      const { objects, buckets } = await gateway();
      await buckets.create(as(alice), "mine");
      const error = await refused("InvalidObjectState", objects.get(as(reader), name, whole));
      expect(error.message).to.contain("3 of 12 storage nodes");
      const request = { source: name, sourcePreconditions: {} };
      await refused("InvalidObjectState", objects.copy(as(reader), { bucket: "mine", key: "copy" }, request));
    });
  });

  it("leaves a bucket of its name that is there already to its owner", async () => {
    await fixture.gateway.buckets.create(as(alice), "cess");
    expect(await open()).to.equal(undefined);
    const { objects } = await gateway();
    await objects.put(as(alice), { bucket: "cess", key: fid }, body(Buffer.from("mine")), plainly);
    const { body: read } = await objects.get(as(alice), { bucket: "cess", key: fid }, whole);
    expect((await collect(read)).toString()).to.equal("mine");
  });

  it("frees the name it had before, and its own when there is to be none", async () => {
    await open("old");
    await open("new");
    await fixture.gateway.buckets.create(as(alice), "old");
    await refused("BucketAlreadyExists", fixture.gateway.buckets.create(as(alice), "new"));
    expect(await open("")).to.equal(undefined);
    await fixture.gateway.buckets.create(as(alice), "new");
  });

  describe("redundancy on HEAD", () => {
    async function head(key: string): Promise<number | undefined> {
      const { objects } = await gateway();
      return (await objects.head(as(alice), { bucket: "bucket", key }, whole)).version.durability.redundancy;
    }
    beforeEach(async () => {
      await fixture.gateway.buckets.create(as(alice), "bucket");
      for (const key of ["staged", "stored"])
        await fixture.gateway.objects.put(as(alice), { bucket: "bucket", key }, body(content), plainly);
      await fixture.store((await fixture.catalog.objects.get("bucket", "stored"))!);
    });

    it("is said of stored objects, and of files on the network, alone", async () => {
      expect(await head("stored")).to.equal(9);
      expect(await head("staged")).to.equal(undefined);
      const { objects } = await gateway();
      expect(
        (await objects.head(as(reader), { bucket: "cess", key: fid }, whole)).version.durability.redundancy,
      ).to.equal(9);
    });

    it("is left out when the chain cannot be asked, or takes too long", async () => {
      network.redundancy = () =>
        Promise.reject(new DomainError({ kind: "dependencyUnavailable" }, "the chain is gone"));
      expect(await head("stored")).to.equal(undefined);
      network.redundancy = () => new Promise(() => undefined);
      const began = Date.now();
      expect(await head("stored")).to.equal(undefined);
      expect(Date.now() - began).to.be.at.least(400);
    });
  });
});
