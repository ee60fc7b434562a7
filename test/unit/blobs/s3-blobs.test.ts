import { expect } from "chai";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../src/async/system-clock.js";
import { placeOf } from "../../../src/blobs/blob-id.js";
import { S3Blobs, type S3BlobsSettings } from "../../../src/blobs/s3/s3-blobs.js";
import { fileKey, lengthWithin, objectKey } from "../../../src/blobs/s3/s3-keys.js";
import { S3Store, type S3Place } from "../../../src/blobs/s3/s3-store.js";
import { Spool } from "../../../src/blobs/s3/spool.js";
import { stagingPlace } from "../../../src/config/staging.js";
import { SliceReader } from "../../../src/encoding/slice-reader.js";
import { damageOf } from "../../../src/model/damage.js";
import { DomainError } from "../../../src/model/errors.js";
import type { BlobId } from "../../../src/model/object.js";
import { MIB } from "../../../src/model/sizes.js";
import { ByteStream } from "../../../src/streams/byte-stream.js";
import { listBytes } from "../../../src/streams/piece-checksums.js";
import { blobsContract } from "../../suites/blobs.js";
import { sharedBlobsContract } from "../../suites/shared-blobs.js";
import { collect } from "../../support/collect.js";
import { reservePort } from "../../support/reserved-port.js";
import { damageObject, TestS3Store } from "../../support/s3-store.js";
import { bytesOf } from "../../support/test-gateway.js";

describe("Blobs in an S3 store", () => {
  let server: TestS3Store;
  let folder: string;
  const opened: S3Blobs[] = [];
  before(async () => {
    server = await TestS3Store.start();
  });
  after(() => server.stop());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "s3-blobs-"));
  });
  afterEach(async () => {
    for (const blobs of opened.splice(0)) await blobs.close();
    await rm(folder, { recursive: true, force: true });
  });

  const open = async (
    place: S3Place = server.place(),
    linked: ReadonlySet<BlobId> = new Set(),
    settings: Partial<S3BlobsSettings> = {},
  ) => {
    const blobs = new S3Blobs({
      store: new S3Store(place),
      spool: await Spool.open({ folder, limit: 100 * MIB }),
      clock: systemClock,
      onDamage: ({ slices }) => Promise.resolve(slices.some(({ blob }) => linked.has(blob as BlobId))),
      linkedInPack: (pack) => Promise.resolve([...linked].filter((id) => id.includes(pack))),
      linkedNamed: (name) => Promise.resolve([...linked].filter((id) => id.includes(name))),
      orphans: (ids) => Promise.resolve(ids.filter((id) => !linked.has(id))),
      upkeepMs: 0,
      holdLookMs: 1,
      ...settings,
    });
    opened.push(blobs);
    return blobs;
  };
  const storeOf = (blobs: unknown) => (blobs as { store: S3Store }).store;
  const keys = async (store: S3Store) => {
    const found: string[] = [];
    for await (const { key } of store.list("")) found.push(key);
    return found;
  };

  describe("of one process", () => {
    blobsContract(
      // Everything counts as old: pins alone protect a blob from a sweep of its own process.
      () => open(server.place(), new Set(), { sweepMs: -10_000, removeMs: -10_000 }),
      (blobs, id, position) => damageObject(storeOf(blobs), objectKey(id), placeOf(id).offset + position),
    );
  });

  // The URL of a place in another program's store, as `staging.url` is; credentials as for the AWS SDK.
  const foreign = process.env["STAGING_S3_URL"];
  if (foreign !== undefined)
    describe("of another program", () => {
      let tests = 0;
      blobsContract(
        () => {
          const place = stagingPlace(foreign);
          if (place.kind !== "s3") throw new Error(`no S3 store: ${foreign}`);
          const prefix = `${place.prefix}${process.pid}-${tests++}/`;
          return open({ ...place, prefix }, new Set(), { sweepMs: -10_000, removeMs: -10_000 });
        },
        (blobs, id, position) => damageObject(storeOf(blobs), objectKey(id), placeOf(id).offset + position),
      );
    });

  describe("shared by several processes", () => {
    sharedBlobsContract(() => {
      const place = server.place();
      const store = new S3Store(place);
      return Promise.resolve({
        open: (linked) => open(place, linked),
        age: () => server.age(),
        stored: async () => {
          // What is set aside is not removed.
          const all = await keys(store);
          return all.filter((key) => /^(files|packs)\//.test(key)).length;
        },
      });
    });
  });

  it("are read from memory, without a request, when they are small and were just written, until they are removed", async () => {
    const blobs = await open(undefined, new Set(), { recentBytes: 10_000 });
    const { id } = await blobs.write(ByteStream.of(Buffer.from("just written")));
    const before = { ...blobs.traffic.requests };
    expect((await collect(blobs.read(id, { start: 5, end: 12 }))).toString()).to.equal("written");
    expect(Buffer.from(blobs.inMemory(id)!).toString()).to.equal("just written");
    expect(blobs.traffic.requests).to.deep.equal(before);
    blobs.settle([id]);
    await blobs.remove([id]);
    expect(blobs.inMemory(id)).to.equal(undefined);
  });

  it("are sent in parts when they are large, found again by a sweep, and go when they are removed", async () => {
    const blobs = await open(undefined, new Set(), { sweepMs: -10_000 });
    const bytes = bytesOf(21 * MIB, 3);
    async function* body() {
      for (let at = 0; at < bytes.length; at += 100_000) yield await Promise.resolve(bytes.subarray(at, at + 100_000));
    }
    const blob = await blobs.write(body(), { size: bytes.length });
    expect((await collect(blobs.read(blob.id))).equals(bytes)).to.equal(true);
    const range = { start: 16 * MIB - 5, end: 16 * MIB + 70_000 };
    expect((await collect(blobs.read(blob.id, range))).equals(bytes.subarray(range.start, range.end))).to.equal(true);
    blobs.settle([blob.id]);
    const listed = [];
    for await (const one of blobs.list()) listed.push(one);
    expect(listed).to.deep.equal([blob]);
    await blobs.remove([blob.id]);
    expect(await keys(storeOf(blobs))).to.deep.equal([]);
  });

  it("leave nothing of a large one whose source fails in the middle", async () => {
    const blobs = await open();
    const cut = new Error("cut");
    async function* broken() {
      for (let n = 0; n < 20; n++) yield await Promise.resolve(Buffer.alloc(MIB, n));
      throw cut;
    }
    expect(await blobs.write(broken()).catch((error: unknown) => error)).to.equal(cut);
    expect(await keys(storeOf(blobs))).to.deep.equal([]);
  });

  it("go together, with one request for many that come at once", async () => {
    const blobs = await open();
    const ids = await Promise.all(
      Array.from({ length: 50 }, async (_, n) => (await blobs.write(ByteStream.of(Buffer.from(`blob ${n}`)))).id),
    );
    expect(storeOf(blobs).counters.requests["put"]).to.be.lessThan(10);
    for (const [n, id] of ids.entries()) expect((await collect(blobs.read(id))).toString()).to.equal(`blob ${n}`);
    await blobs.remove(ids);
    expect(await keys(storeOf(blobs)), "each object went with the last of its blobs").to.deep.equal([]);
  });

  it("are copied for worker threads, only where they are read, and kept within the spool's limit", async () => {
    const blobs = await open();
    const bytes = bytesOf(10 * MIB, 4);
    const { id } = await blobs.write(ByteStream.of(bytes));
    const small = await blobs.write(ByteStream.of(Buffer.from("0123456789")));
    const slices = [
      { blob: id, offset: 3 * MIB + 7, length: MIB },
      { blob: small.id, offset: 2, length: 5 },
    ];
    for (let again = 0; again < 2; again++) {
      const got = await blobs.withLocal(slices, (content) => {
        const reader = new SliceReader();
        const buffers = content.map((slice) => {
          const target = Buffer.alloc(slice.length);
          reader.read(slice, 0, target);
          return target;
        });
        reader.close();
        return Promise.resolve(buffers);
      });
      expect(got[0]!.equals(bytes.subarray(3 * MIB + 7, 4 * MIB + 7))).to.equal(true);
      expect(got[1]!.toString()).to.equal("23456");
    }
    const gets = storeOf(blobs).counters.requests["get"];
    expect(gets, "the second time they were there").to.equal(3);
    expect(blobs.traffic.spoolBytes).to.be.within(MIB, MIB + 200_000);
  });

  it("are told to be damaged by the threads when they are missing or wrong", async () => {
    const blobs = await open();
    const { id } = await blobs.write(ByteStream.of(bytesOf(200_000, 5)));
    await damageObject(storeOf(blobs), fileKey(id), 70_000);
    const { id: gone } = await blobs.write(ByteStream.of(bytesOf(200_000, 6)));
    await storeOf(blobs).delete(fileKey(gone));
    for (const blob of [id, gone]) {
      const failure: unknown = await blobs
        .withLocal([{ blob, offset: 0, length: 200_000 }], ([slice]) => {
          const reader = new SliceReader();
          try {
            reader.read(slice!, 0, Buffer.alloc(200_000));
          } finally {
            reader.close();
          }
          return Promise.resolve();
        })
        .catch((error: unknown) => error);
      expect(damageOf(failure)?.slices[0]?.blob).to.equal(blob);
    }
  });

  it("fail as a dependency that is away while the store does not answer", async () => {
    const blobs = await open({ ...server.place(), endpoint: `http://127.0.0.1:${await reservePort()}` });
    for (const size of [10, 100_000]) {
      const failure = await blobs.write(ByteStream.of(Buffer.alloc(size))).catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(DomainError).with.property("kind", "dependencyUnavailable");
    }
    expect(await blobs.free()).to.be.greaterThan(0);
  });

  it("are refused when the memory for bodies stays taken", async () => {
    const blobs = await open(undefined, new Set(), { memoryBytes: MIB, memoryWaitMs: 1 });
    let end: () => void = () => undefined;
    const ending = new Promise<void>((resolve) => (end = resolve));
    let began: () => void = () => undefined;
    const beginning = new Promise<void>((resolve) => (began = resolve));
    async function* slow() {
      yield Buffer.alloc(100_000);
      began();
      await ending;
    }
    const first = blobs.write(slow());
    await beginning;
    const second = await blobs.write(ByteStream.of(Buffer.alloc(100_000))).catch((error: unknown) => error);
    expect(second).to.be.instanceOf(DomainError).with.property("kind", "overloaded");
    end();
    expect((await first).size).to.equal(100_000);
  });

  it("have lengths that follow from their sizes in the store", () => {
    for (const length of [65_537, 131_072, 131_073, 196_608, 8 * MIB, 8 * MIB + 1, 21 * MIB, 5_368_709_120])
      expect(lengthWithin(length + listBytes(length)), `${length}`).to.equal(length);
  });

  it("leave no copies of processes that have ended", async () => {
    const blobs = await open();
    const { id } = await blobs.write(ByteStream.of(Buffer.alloc(100_000)));
    await blobs.withLocal([{ blob: id, offset: 0, length: 10 }], async ([slice]) => {
      expect((await readFile(slice!.path)).length).to.be.greaterThan(0);
    });
    await blobs.close();
    expect(await readdir(folder)).to.deep.equal([]);
  });
});
