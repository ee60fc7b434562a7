import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { collect } from "../../support/collect.js";
import { alice, as, body, bytesOf, plainly, TestGateway } from "../../support/test-gateway.js";
import { PLAIN, segmentCount } from "../../../src/model/file.js";
import type { Fid, Hash } from "../../../src/model/hash.js";
import type { BlobSlice, ObjectVersion } from "../../../src/model/object.js";
import { CHARGED_PER_SEGMENT, SEGMENT_SIZE } from "../../../src/model/sizes.js";
import { Packer, type PackerSettings } from "../../../src/packing/packer.js";
import type { FileSettings, Preprocessing } from "../../../src/preprocessing/preprocessing.js";

const { signal } = new AbortController();
const randomHash = () => randomBytes(32).toString("hex") as Hash;
const randomSegment = () => ({ hash: randomHash(), fragments: Array.from({ length: 12 }, randomHash) });

describe("The packer", () => {
  let fixture: TestGateway;
  let warnings: { readonly err?: unknown }[];
  beforeEach(async () => {
    fixture = await TestGateway.build({ packing: { maxObjectBytes: 1_000_000 } });
    await fixture.gateway.buckets.create(as(alice), "box");
    warnings = [];
  });
  afterEach(() => fixture.close());

  function components() {
    return {
      catalog: fixture.catalog,
      blobs: fixture.blobs,
      preprocessing: fixture.preprocessing,
      retrieval: fixture.retrieval,
      chain: fixture.chain,
      clock: { now: () => 2_000_000_000_000, sleep: () => Promise.reject(new Error("not used")) },
      log: { warn: (fields: object) => void warnings.push(fields) } as never,
      wake: () => undefined,
    };
  }
  /** Packs what waits at once, unless told otherwise. */
  const packer = (settings: Partial<PackerSettings> = {}) =>
    new Packer(
      { ...components(), owners: (id) => (id === alice.id ? alice : undefined) },
      { graceMs: 0, lookMs: 0, quietMs: 0, ...settings },
    );
  const put = (key: string, bytes: Buffer, settings = plainly) =>
    fixture.gateway.objects.put(as(alice), { bucket: "box", key }, body(bytes), settings);
  const version = async (key: string): Promise<ObjectVersion> => (await fixture.catalog.objects.get("box", key))!;
  const read = async (key: string) => {
    const { body: stream } = await fixture.gateway.objects.get(
      as(alice),
      { bucket: "box", key },
      { preconditions: {} },
    );
    return collect(stream);
  };
  /** Until it has nothing to do; how many steps did something. */
  async function run(by: Packer): Promise<number> {
    for (let steps = 0; ; steps++) if ((await by.step(signal)).kind === "idle") return steps;
  }
  /** What distribution does, without a network. */
  async function store(): Promise<void> {
    for (const job of await fixture.catalog.jobs.lease(["store"], 100, 1)) {
      const [pack] = await fixture.catalog.packs.blobs(job.subject);
      const file = (await fixture.catalog.files.get(job.subject))!;
      if (pack) fixture.retrieval.contents.set(file.fid, await collect(fixture.blobs.read(pack.blob)));
      await fixture.catalog.files.advance(job.subject, "declared", 0);
      await fixture.blobs.remove((await fixture.catalog.files.stored(job.subject)).orphans);
    }
  }

  it("gathers small objects into one file, from which they are read before and after it is stored", async () => {
    const objects = new Map(Array.from({ length: 20 }, (_, n) => [`k${n}`, bytesOf(1 + n * 5000, n)]));
    for (const [key, bytes] of objects) await put(key, bytes);
    await put("large", bytesOf(1_000_001, 99));
    expect(await run(packer())).to.equal(1);
    const fids = new Set<string | undefined>();
    for (const [key, bytes] of objects) {
      expect((await read(key)).equals(bytes), key).to.equal(true);
      const { state, fid, extent } = (await version(key)).durability;
      expect([state, extent?.length]).to.deep.equal(["encoded", bytes.length]);
      fids.add(fid);
    }
    expect(fids.size).to.equal(1);
    expect(await fixture.blobIds(), "the pack's bytes, and those of the large object").to.have.length(2);
    await store();
    expect(await fixture.blobIds()).to.have.length(1);
    for (const [key, bytes] of objects) expect((await read(key)).equals(bytes), `${key}, stored`).to.equal(true);
    expect((await version("large")).durability.state).to.equal("staged");
  });

  it("seals encrypted objects one by one, and gives any range of them back", async () => {
    const encrypted = { ...plainly, encryption: { algorithm: "AES256" as const } };
    const bytes = bytesOf(200_000, 1);
    await put("sealed", bytes, encrypted);
    await put("plain", bytes);
    expect(await run(packer()), "a pack for each format").to.equal(2);
    expect((await read("sealed")).equals(bytes)).to.equal(true);
    const range = { preconditions: {}, range: { first: 65_000, last: 139_999 } };
    const { body: part } = await fixture.gateway.objects.get(as(alice), { bucket: "box", key: "sealed" }, range);
    expect((await collect(part)).equals(bytes.subarray(65_000, 140_000))).to.equal(true);
    const [pack] = await fixture.catalog.packs.blobs((await version("sealed")).extents[0]!.file);
    const stored = await collect(fixture.blobs.read(pack!.blob));
    expect(stored.includes(bytes.subarray(1000, 1032)), "in clear").to.equal(false);
  });

  it("closes a pack when it is full, its oldest object is old enough, staging runs short, or it is told to", async () => {
    for (let n = 0; n < 34; n++) await put(`a${n}`, Buffer.alloc(1_000_000, n));
    const patient = { maxAgeMs: Number.MAX_SAFE_INTEGER, lowSpaceBytes: 0 };
    expect(await run(packer(patient))).to.equal(0);
    expect(await run(packer({ ...patient, lowSpaceBytes: Number.MAX_SAFE_INTEGER }))).to.equal(1);
    await put("b", bytesOf(10, 2));
    expect(await run(packer({ ...patient, maxObjects: 1 }))).to.equal(1);
    await put("c", bytesOf(10, 3));
    const told = packer(patient);
    expect((await told.flush()).map(({ objects }) => objects)).to.deep.equal([1]);
    expect(await run(told)).to.equal(1);
  });

  it("writes small packs where room is short, and into the reserve, since what it writes frees more", async () => {
    for (let n = 0; n < 70; n++) await put(`a${n}`, Buffer.alloc(1_000_000, n));
    const blobs = Object.create(fixture.blobs) as typeof fixture.blobs;
    const writes: { readonly size: number; readonly intoReserve: boolean | undefined }[] = [];
    blobs.free = () => Promise.resolve(0);
    blobs.write = async (source, options) => {
      const blob = await fixture.blobs.write(source, options);
      writes.push({ size: blob.size, intoReserve: options?.intoReserve });
      return blob;
    };
    const short = new Packer(
      { ...components(), blobs, owners: () => alice },
      { graceMs: 0, lookMs: 0, quietMs: 0, maxAgeMs: Number.MAX_SAFE_INTEGER },
    );
    expect(await run(short)).to.equal(2);
    for (const { size, intoReserve } of writes) expect([size <= SEGMENT_SIZE, intoReserve]).to.deep.equal([true, true]);
  });

  it("packs neither what asks for a file of its own nor what was deleted meanwhile", async () => {
    await put("own", bytesOf(100, 1), { ...plainly, metadata: { "cess-layout": "own-file" } });
    await put("gone", bytesOf(100, 2));
    await fixture.gateway.objects.delete(as(alice), { bucket: "box", key: "gone" });
    expect(await run(packer())).to.equal(0);
    await fixture.catalog.documents.put("box", "tagging", [{ key: "cess-layout", value: "own-file" }]);
    await put("by tag", bytesOf(100, 3));
    await put("against the tag", bytesOf(100, 4), { ...plainly, metadata: { "cess-layout": "pack" } });
    expect(await run(packer())).to.equal(1);
    expect((await version("by tag")).durability.state).to.equal("staged");
    expect((await version("against the tag")).durability.state).to.equal("encoded");
  });

  it("leaves the object that was overwritten while it was packed out, and keeps the new one waiting", async () => {
    await put("kept", bytesOf(100, 0));
    await put("key", bytesOf(100, 1));
    const writing = fixture.preprocessing.files.bind(fixture.preprocessing);
    fixture.preprocessing.files = async (...given) => {
      await put("key", bytesOf(100, 2));
      return writing(...given);
    };
    await packer().step(signal);
    fixture.preprocessing.files = writing;
    expect((await version("kept")).durability.state).to.equal("encoded");
    expect((await version("key")).durability.state).to.equal("staged");
    expect((await read("key")).equals(bytesOf(100, 2))).to.equal(true);
  });

  it("merges mostly empty packs with new objects, and moves what lives when the new pack is stored", async () => {
    const eager = { keepBelowHalf: 0, segments: 2 };
    const kept = new Map<string, Buffer>();
    for (let pack = 0; pack < 3; pack++) {
      for (const n of [0, 1]) {
        kept.set(`${pack}/${n}`, bytesOf(5000, 10 * pack + n));
        await put(`${pack}/${n}`, kept.get(`${pack}/${n}`)!);
      }
      await run(packer({ mergeBudget: 0 }));
      await store();
      await fixture.gateway.objects.delete(as(alice), { bucket: "box", key: `${pack}/1` });
      kept.delete(`${pack}/1`);
    }
    expect(await fixture.catalog.packs.belowHalf()).to.have.length(3);
    await put("new", bytesOf(700, 99));
    kept.set("new", bytesOf(700, 99));
    expect(await run(packer(eager))).to.equal(1);
    const before = await version("0/0");
    for (const [key, bytes] of kept) expect((await read(key)).equals(bytes), key).to.equal(true);
    await store();
    await run(packer(eager));
    const fids = new Set<string | undefined>();
    for (const [key, bytes] of kept) {
      expect((await read(key)).equals(bytes), `${key}, moved`).to.equal(true);
      fids.add((await version(key)).durability.fid);
    }
    expect([...fids]).to.have.length(1);
    expect((await version("0/0")).extents).to.not.deep.equal(before.extents);
    expect((await fixture.catalog.jobs.count()).delete).to.equal(3);
    expect(await fixture.catalog.packs.count()).to.deep.equal({ stored: 4 });
  });

  it("is not noticed by who reads: an object's bytes may go into a pack, or to another one, after its row was read", async () => {
    const bytes = bytesOf(5000, 1);
    /** Reads "a" while `meanwhile` happens between the look at its row and that at its bytes. */
    const readWhile = async (meanwhile: () => Promise<void>) => {
      let looks = 0;
      const once = async () => (looks++ === 0 ? meanwhile() : undefined);
      const { catalog } = fixture;
      const objects = Object.assign(Object.create(catalog.objects) as typeof catalog.objects, {
        blobs: async (id: string) => (await once(), catalog.objects.blobs(id)),
      });
      const files = Object.assign(Object.create(catalog.files) as typeof catalog.files, {
        manifest: async (id: string) => (await once(), catalog.files.manifest(id)),
      });
      const gateway = fixture.gatewayWith({
        catalog: Object.assign(Object.create(catalog) as typeof catalog, { objects, files }),
      });
      const { body: stream } = await gateway.objects.get(as(alice), { bucket: "box", key: "a" }, { preconditions: {} });
      expect((await collect(stream)).equals(bytes)).to.equal(true);
      expect(looks).to.be.greaterThan(0);
    };
    await put("a", bytes);
    await readWhile(async () => {
      await run(packer());
    });
    await store();
    await put("b", bytes);
    await run(packer({ mergeBudget: 0 }));
    await store();
    await readWhile(async () => {
      const old = (await version("a")).extents[0]!.file;
      await run(packer({ keepBelowHalf: 0 }));
      await store();
      await run(packer({ keepBelowHalf: 0 }));
      await fixture.catalog.files.beginDelete(old);
      await fixture.catalog.files.deleted(old);
      expect(await fixture.catalog.files.get(old)).to.equal(undefined);
    });
  });

  it("leaves a pack that cannot be read as it is, says so, and packs new objects all the same", async () => {
    for (const key of ["a", "b"]) {
      await put(key, bytesOf(100, key.charCodeAt(0)));
      await run(packer({ mergeBudget: 0 }));
      await store();
    }
    const [broken] = [(await version("a")).durability.fid!];
    fixture.retrieval.contents.delete(broken);
    await put("new", bytesOf(100, 3));
    const eager = packer({ keepBelowHalf: 0 });
    expect(await run(eager)).to.equal(1);
    expect(warnings).to.have.length(1);
    expect((await version("new")).durability.state).to.equal("encoded");
    await store();
    await run(eager);
    expect((await version("a")).durability.fid).to.equal(broken);
    expect((await version("b")).durability.fid).to.equal((await version("new")).durability.fid);
  });

  it("does not merge a pack that is being emptied, until it is left alone or this goes on for long", async () => {
    for (const n of [0, 1, 2, 3]) await put(`a${n}`, bytesOf(100, n));
    await run(packer());
    await store();
    await put("b", bytesOf(100, 9));
    await run(packer({ mergeBudget: 0 }));
    await store();
    let now = 2_000_000_000_000;
    const clock = { now: () => now, sleep: () => Promise.reject(new Error("not used")) };
    const careful = new Packer(
      { ...components(), clock, owners: () => alice },
      { lookMs: 0, keepBelowHalf: 0, quietMs: 100 },
    );
    expect(await run(careful)).to.equal(0);
    for (const n of [0, 1]) {
      now += 99;
      await fixture.gateway.objects.delete(as(alice), { bucket: "box", key: `a${n}` });
      expect(await run(careful), `a${n} was deleted`).to.equal(0);
    }
    now += 99;
    expect(await run(careful)).to.equal(0);
    now += 1;
    expect(await run(careful)).to.equal(1);
  });

  it("merges nothing for which the territory has no room, and packs new objects all the same", async () => {
    for (const key of ["a", "b"]) {
      await put(key, bytesOf(100, key.charCodeAt(0)));
      await run(packer({ mergeBudget: 0 }));
      await store();
    }
    await put("new", bytesOf(100, 3));
    const known = fixture.chain.territory.bind(fixture.chain);
    fixture.chain.territory = async (...of) => {
      const found = await known(...of);
      return found && { ...found, remaining: BigInt(CHARGED_PER_SEGMENT) };
    };
    const eager = packer({ keepBelowHalf: 0 });
    expect(await run(eager)).to.equal(1);
    expect((await version("new")).durability.state).to.equal("encoded");
    expect(await fixture.catalog.packs.belowHalf(), "both may still be merged").to.have.length(2);
    fixture.chain.territory = known;
    expect(await run(eager)).to.equal(1);
    expect(await fixture.catalog.packs.belowHalf()).to.have.length(0);
  });

  it("keeps what waits where its owner's account is not configured", async () => {
    const strangers = new Packer({ ...components(), owners: () => undefined }, { lookMs: 0 });
    await put("a", bytesOf(100, 1));
    expect(await run(strangers)).to.equal(0);
    expect((await read("a")).equals(bytesOf(100, 1))).to.equal(true);
  });

  it("divides what is too much for one pack between several, in the order in which it was written", async () => {
    const size = 900_000;
    const count = Math.ceil((SEGMENT_SIZE * 1.2) / size);
    for (let n = 0; n < count; n++) await put(`k${n}`, bytesOf(size, n));
    expect(await run(packer({ segments: 1 }))).to.equal(2);
    const fids = [];
    for (let n = 0; n < count; n++) fids.push((await version(`k${n}`)).durability.fid);
    expect(new Set(fids).size).to.equal(2);
    expect(fids.indexOf(fids.at(-1))).to.equal(fids.lastIndexOf(fids[0]) + 1);
  });

  it("keeps a trickle of one small object a minute for six hours, in packs of ten minutes, in a few segments", async () => {
    // Hashing 32 MiB for each pack is not what this is about.
    const preprocessing = {
      files: (_subject: string, content: readonly BlobSlice[], { territory }: FileSettings) => {
        const size = content.reduce((sum, { length }) => sum + length, 0);
        const segments = Array.from({ length: segmentCount(size) }, () => randomSegment());
        return Promise.resolve([
          { fid: randomHash() as Fid, size, format: PLAIN, territory, segments, blobs: content },
        ]);
      },
    } as unknown as Preprocessing;
    const packing = new Packer(
      { ...components(), preprocessing, owners: () => alice },
      { lookMs: 0, quietMs: 0, graceMs: 0 },
    );
    const { files, jobs } = fixture.catalog;
    const segments = async () => (await fixture.catalog.packs.usage())[0]!.chargedBytes / CHARGED_PER_SEGMENT;
    let most = 0;
    let packs = 0;
    for (let minutes = 0; minutes < 6 * 60; minutes += 10) {
      for (let minute = minutes; minute < minutes + 10; minute++) await put(`at ${minute}`, bytesOf(10_240, minute));
      packs += await run(packing);
      await store();
      await run(packing);
      most = Math.max(most, await segments());
      for (const { subject } of await jobs.lease(["delete"], 100, 1))
        if (await files.beginDelete(subject)) await files.deleted(subject);
    }
    expect(packs).to.equal(36);
    expect(await segments(), "at the end").to.be.at.most(8);
    expect(most, "at any time, with what is being merged").to.be.at.most(8);
    for (const minute of [0, 180, 359])
      expect((await read(`at ${minute}`)).equals(bytesOf(10_240, minute)), `at ${minute}`).to.equal(true);
  });
});
