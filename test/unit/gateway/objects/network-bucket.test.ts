import { expect } from "chai";
import { ANONYMOUS, type Account, type CessAccount } from "../../../../src/model/account.js";
import { NETWORK_OWNER } from "../../../../src/model/bucket.js";
import type { CopyRequest } from "../../../../src/gateway/gateway.js";
import type { AskingGateway } from "../../../support/asking-gateway.js";
import { NetworkBucket } from "../../../../src/gateway/objects/network-bucket.js";
import { DomainError } from "../../../../src/model/errors.js";
import { type CessFile, PLAIN } from "../../../../src/model/file.js";
import type { Fid, Hash } from "../../../../src/model/hash.js";
import type { NetworkEntry } from "../../../../src/model/network-file.js";
import type { HeldFile } from "../../../../src/network/chain/chain.js";
import { HeldFiles } from "../../../../src/retrieval/held-files.js";
import { systemClock } from "../../../../src/async/system-clock.js";
import type { NetworkFiles } from "../../../../src/retrieval/network-files.js";
import { collect } from "../../../support/collect.js";
import {
  alice,
  as,
  body,
  bob,
  bytesOf,
  TestGateway,
  type TestGatewaySettings,
  plainly,
  refused,
} from "../../../support/test-gateway.js";

const reader: Account = { ...alice, readsNetwork: true };
const whole = { preconditions: {} };

describe("The network bucket", () => {
  const fid = "ab".repeat(32) as Fid;
  const content = bytesOf(5000, 3);
  const hash = "cd".repeat(32) as Hash;
  const file: CessFile = {
    fid,
    size: content.length,
    format: PLAIN,
    segments: [{ hash, fragments: Array.from({ length: 12 }, () => hash) }],
  };
  const cipher = "open sesame";
  const pending = "ef".repeat(32) as Fid;
  /** How the chain answers for the redundancy. */
  let redundancy: () => Promise<number | undefined>;
  let owners: NetworkEntry["owners"];
  let held: HeldFile[];
  const files: NetworkFiles = {
    find: (wanted, _signal, text) => {
      if (wanted !== fid) return Promise.resolve(undefined);
      if (text === undefined) return Promise.resolve(file);
      if (text !== cipher) return Promise.reject(new DomainError({ kind: "wrongCipher" }, "not this one"));
      return Promise.resolve({ ...file, size: 4_000, format: { name: "cess-cbc", cipher } });
    },
    entry: (wanted) => {
      if (wanted === fid) return Promise.resolve({ fid, size: content.length, owners });
      return Promise.resolve(wanted === pending ? { fid: pending, size: 77, owners, reports: 3 } : undefined);
    },
    held: (account) => HeldFiles.of(account === reader.cessAccount ? held : []),
    redundancy: () => redundancy(),
  };
  let fixture: TestGateway;
  /** What the background does with a file that is taken over. */
  let distribute: (file: string, job: string) => Promise<unknown>;
  const work = async () => {
    for (const { id, subject } of await fixture.catalog.jobs.lease(["store"], 10, 0)) await distribute(subject, id);
  };

  beforeEach(async () => {
    fixture = await TestGateway.build();
    fixture.retrieval.contents.set(fid, content);
    redundancy = () => Promise.resolve(9);
    owners = [{ account: "cXbob" as CessAccount, fileName: "report.pdf" }];
    held = [];
    distribute = (row) => fixture.catalog.files.stored(row);
  });
  afterEach(() => fixture.close());

  const open = (name = "cess") =>
    NetworkBucket.open({ catalog: fixture.catalog, files }, { name, region: "us-east-1" });

  const gateway = async (name?: string, settings: TestGatewaySettings = {}): Promise<AskingGateway> =>
    fixture.gatewayWith(
      { clock: systemClock, files, network: await open(name), onWork: () => void work() },
      { takeOver: { pollMs: 2, waitMs: 5_000 }, ...settings },
    );

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
      expect(version.network).to.deep.include({ owners, reports: 3 });
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

  describe("listed", () => {
    const fids = Array.from({ length: 30 }, (_, n) => `${(n * 37) % 256}`.padStart(3, "0") + "a".repeat(61)) as Fid[];
    const sorted = [...fids].sort();
    const request = { prefix: "", delimiter: "", after: "", limit: 1000 };
    beforeEach(() => {
      held = fids.map((each, n) => ({ fid: each, size: n }));
    });

    it("has what the caller's own account holds on chain, in order", async () => {
      const { objects } = await gateway();
      const { keys, truncated } = await objects.list(as(reader), "cess", request);
      expect(keys.map(({ key }) => key)).to.deep.equal(sorted);
      expect(truncated).to.equal(false);
      expect(keys[0]).to.include({ size: fids.indexOf(sorted[0]!), etag: sorted[0], owner: reader.id });
      const other = { ...bob, readsNetwork: true };
      expect((await objects.list(as(other), "cess", request)).keys).to.deep.equal([]);
    });

    it("comes in pages, by prefix, and after a key", async () => {
      const { objects } = await gateway();
      const pages: string[][] = [];
      for (let after = ""; ;) {
        const page = await objects.list(as(reader), "cess", { ...request, after, limit: 7 });
        pages.push(page.keys.map(({ key }) => key));
        if (!page.truncated) break;
        after = page.last!;
      }
      expect(pages.flat()).to.deep.equal(sorted);
      expect(pages.map((page) => page.length)).to.deep.equal([7, 7, 7, 7, 2]);
      const prefixed = await objects.list(as(reader), "cess", { ...request, prefix: "1", after: "12" });
      expect(prefixed.keys.map(({ key }) => key)).to.deep.equal(sorted.filter((each) => each > "12" && each < "2"));
      expect((await objects.list(as(reader), "cess", { ...request, limit: 0 })).keys).to.deep.equal([]);
    });

    it("has common prefixes where a delimiter is in the FIDs, and takes any other", async () => {
      const { objects } = await gateway();
      const found: string[] = [];
      for (let after = ""; ;) {
        const page = await objects.list(as(reader), "cess", { ...request, delimiter: "a", after, limit: 4 });
        expect(page.keys).to.deep.equal([]);
        found.push(...page.prefixes);
        if (!page.truncated) break;
        after = page.last!;
      }
      expect(found).to.deep.equal(sorted.map((each) => each.slice(0, 4)));
      expect((await objects.list(as(reader), "cess", { ...request, delimiter: "/" })).keys).to.have.length(30);
    });

    it("has each file as its only version", async () => {
      const by = await gateway();
      const list = (keyMarker: string, limit: number) =>
        by.versions.list(as(reader), "cess", { prefix: "", delimiter: "", keyMarker, versionIdMarker: "", limit });
      const first = await list("", 20);
      expect(first).to.include({ truncated: true, nextKeyMarker: sorted[19], nextVersionIdMarker: "null" });
      const rest = await list(first.nextKeyMarker!, 20);
      expect(rest.truncated).to.equal(false);
      expect([...first.versions, ...rest.versions].map(({ key }) => key)).to.deep.equal(sorted);
      expect(rest.versions[0]).to.include({ versionId: "null", isLatest: true, deleteMarker: false });
    });

    it("is closed to nobody in particular, to strangers to the network, and to keys that may not list", async () => {
      const by = await gateway();
      await refused("AccessDenied", by.asking({ anonymous: true }).objects.list(as(ANONYMOUS), "cess", request));
      await refused("AccessDenied", by.objects.list(as(alice), "cess", request));
      for (const limits of [{ permission: "write" }, { buckets: ["mine"] }, { prefixes: ["f"] }] as const)
        await refused("AccessDenied", by.asking({ limits }).objects.list(as(reader), "cess", request));
    });
  });

  describe("a file that is taken over", () => {
    const source = { bucket: "cess", key: fid };
    const request = { source, sourcePreconditions: {} };
    const copy = (by: AskingGateway, more: Partial<CopyRequest> = {}) =>
      by.objects.copy(as(reader), { bucket: "mine", key: "copy" }, { ...request, ...more });
    const rows = () => fixture.catalog.files.withFid(fid);

    async function ready(settings?: TestGatewaySettings): Promise<AskingGateway> {
      const by = await gateway("cess", settings);
      await by.buckets.create(as(alice), "mine");
      return by;
    }

    it("takes its headers from the request where it says so, and its conditions", async () => {
      const by = await ready();
      const replaceMetadata = { content: { contentType: "text/plain" }, metadata: { from: "bob" } };
      const sourcePreconditions = { ifMatch: [fid] };
      const copied = await copy(by, { replaceMetadata, sourcePreconditions });
      expect(copied.content).to.deep.equal({ contentType: "text/plain" });
      expect(copied.metadata).to.deep.equal({ from: "bob" });
      await refused("PreconditionFailed", copy(by, { sourcePreconditions: { ifMatch: [pending] } }));
    });

    it("is declared by nobody if the destination's conditions fail", async () => {
      const by = await ready();
      await by.objects.put(as(alice), { bucket: "mine", key: "copy" }, body(content), plainly);
      await refused("PreconditionFailed", copy(by, { preconditions: { ifNoneMatch: ["*"] } }));
      expect(await rows()).to.deep.equal([]);
    });

    it("needs room in the territory, but not for an owner that the chain lists already", async () => {
      const by = await ready();
      fixture.chain.set(({ territories }) => {
        for (const space of territories.values()) space.used = space.total;
      });
      await refused("TerritoryTooSmall", copy(by));
      expect(await rows()).to.deep.equal([]);
      owners = [...owners, { account: alice.cessAccount }];
      expect((await copy(by)).durability.state).to.equal("stored");
    });

    it("is read and stored anew where the request or the bucket names an encryption, not for the operator's default", async () => {
      const by = await ready({ encryption: { default: "AES256" } });
      expect((await copy(by)).durability.state).to.equal("stored");
      expect((await copy(by)).encryption).to.equal(undefined);
      const asked = await copy(by, { encryption: { algorithm: "AES256" } });
      expect(asked.durability.state).to.equal("staged");
      expect(asked.encryption?.algorithm).to.equal("AES256");
      await by.encryption.set(as(alice), "mine", { algorithm: "AES256" });
      expect((await copy(by)).durability.state).to.equal("staged");
    });

    it("has a checksum if one is asked for: then its bytes are read once", async () => {
      const by = await ready();
      const { checksum } = await copy(by, { checksumAlgorithm: "CRC32" });
      expect(checksum).to.include({ algorithm: "CRC32", type: "FULL_OBJECT" });
      expect(fixture.retrieval.opened).to.have.length(1);
    });

    it("is refused if the network has lost it", async () => {
      redundancy = () => Promise.resolve(3);
      await refused("ObjectUnavailable", copy(await ready()));
      expect(await rows()).to.deep.equal([]);
    });

    it("is no object if the network gives it up, and nothing is left of it", async () => {
      distribute = (row) => fixture.catalog.files.failed(row, "the network does not have the file any more");
      const error = await refused("OperationAborted", copy(await ready()));
      expect(error.message).to.contain("does not have the file any more");
      expect(await fixture.catalog.objects.get("mine", "copy")).to.equal(undefined);
      expect(await rows()).to.deep.equal([]);
    });

    it("is no object while the chain refuses, and says why", async () => {
      distribute = (_row, job) => fixture.catalog.jobs.release(job, 0, "the chain has paused this call");
      const error = await refused("ServiceUnavailable", copy(await ready()));
      expect(error.message).to.contain("the chain has paused this call");
      expect((await rows())[0]?.needed).to.equal(false);
    });

    it("waits for a repeated request if its declaration takes too long, or its client is gone", async () => {
      distribute = () => Promise.resolve();
      const by = await ready({ takeOver: { pollMs: 2, waitMs: 20 } });
      await refused("ServiceUnavailable", copy(by));
      expect((await rows())[0]).to.include({ needed: true, state: "encoded" });
      const gone = new AbortController();
      gone.abort(new Error("gone"));
      const left = by.objects.copy(as(reader, gone.signal), { bucket: "mine", key: "copy" }, request);
      expect(await left.catch((error: unknown) => (error as Error).message)).to.equal("gone");
      distribute = (row) => fixture.catalog.files.stored(row);
      expect((await copy(by)).durability.state).to.equal("stored");
      expect(await rows()).to.have.length(1);
    });

    it("is not taken over where the account has stored it encrypted itself: its object can be copied", async () => {
      const by = await ready();
      await copy(by);
      const sourceCipher = { text: cipher };
      const error = await refused("InvalidRequest", copy(by, { sourceCipher }));
      expect(error.message).to.contain("copy the object that it belongs to");
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
      redundancy = () => Promise.reject(new DomainError({ kind: "dependencyUnavailable" }, "the chain is gone"));
      expect(await head("stored")).to.equal(undefined);
      redundancy = () => new Promise(() => undefined);
      const began = Date.now();
      expect(await head("stored")).to.equal(undefined);
      expect(Date.now() - began).to.be.at.least(400);
    });
  });
});
