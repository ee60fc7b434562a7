import { expect } from "chai";
import { Packer } from "../../../src/packing/packer.js";
import type { ObjectVersion } from "../../../src/model/object.js";
import { collect } from "../../support/collect.js";
import { damageBlob } from "../../support/damage-blob.js";
import { alice, as, body, bytesOf, plainly, refused, TestGateway } from "../../support/test-gateway.js";

const { signal } = new AbortController();

describe("Packs with damaged bytes", () => {
  let fixture: TestGateway;
  let packer: Packer;
  beforeEach(async () => {
    fixture = await TestGateway.build({ packing: { maxObjectBytes: 1_000_000 } });
    await fixture.gateway.buckets.create(as(alice), "box");
    packer = new Packer(
      {
        catalog: fixture.catalog,
        blobs: fixture.blobs,
        preprocessing: fixture.preprocessing,
        retrieval: fixture.retrieval,
        chain: fixture.chain,
        clock: { now: () => 2_000_000_000_000, sleep: () => Promise.reject(new Error("not used")) },
        log: { warn: () => undefined },
        wake: () => undefined,
        owners: (id) => (id === alice.id ? alice : undefined),
      },
      { graceMs: 0, lookMs: 0, quietMs: 0 },
    );
  });
  afterEach(() => fixture.close());

  const encrypted = { ...plainly, encryption: { algorithm: "AES256" as const } };
  const put = (key: string, bytes: Buffer, settings = plainly) =>
    fixture.gateway.objects.put(as(alice), { bucket: "box", key }, body(bytes), settings);
  const version = async (key: string): Promise<ObjectVersion> => (await fixture.catalog.objects.get("box", key))!;
  const state = async (key: string) => (await version(key)).durability.state;
  const read = async (key: string) =>
    collect((await fixture.gateway.objects.get(as(alice), { bucket: "box", key }, { preconditions: {} })).body);
  const run = async () => {
    while ((await packer.step(signal)).kind !== "idle");
  };
  const packOf = async (key: string) => (await version(key)).extents[0]!.file;
  const bytes = (n: number) => bytesOf(100_000, n);

  it("are made without an object that is damaged in the queue, which is marked and waits no more", async () => {
    for (const n of [0, 1, 2]) await put(`k${n}`, bytes(n));
    const [slice] = await fixture.catalog.objects.blobs((await version("k1")).id);
    await damageBlob(fixture.blobs, slice!.blob, 70_000);
    await run();
    expect([await state("k0"), await state("k1"), await state("k2")]).to.deep.equal(["encoded", "damaged", "encoded"]);
    expect(await packOf("k0")).to.equal(await packOf("k2"));
    for (const n of [0, 2]) expect((await read(`k${n}`)).equals(bytes(n))).to.equal(true);
    await refused("InternalError", read("k1"));
    expect(await fixture.catalog.packs.queues()).to.deep.equal([]);
  });

  for (const [what, settings] of [
    ["plain", plainly],
    ["encrypted", encrypted],
  ] as const) {
    it(`give what is whole of them to the next pack: ${what}`, async () => {
      for (const n of [0, 1, 2]) await put(`k${n}`, bytes(n), settings);
      await run();
      const old = await packOf("k1");
      const [slice] = await fixture.catalog.packs.blobs(old);
      await damageBlob(fixture.blobs, slice!.blob, 64 + 150_000);
      await refused("InternalError", read("k1"));
      // What the store job does.
      expect(await fixture.catalog.files.damaged(old, "damaged")).to.equal(true);
      expect([await state("k0"), await state("k1"), await state("k2")]).to.deep.equal([
        "encoded",
        "damaged",
        "encoded",
      ]);
      for (const n of [0, 2]) expect((await read(`k${n}`)).equals(bytes(n))).to.equal(true);
      expect((await version("k0")).durability).not.to.have.property("failure");

      await run();
      const jobs = await fixture.catalog.jobs.lease(["store"], 100, 1);
      expect(jobs).to.have.length(1);
      const pack = (await fixture.catalog.files.get(jobs[0]!.subject))!;
      const content = await collect(fixture.blobs.read(pack.blobs[0]!.blob));
      fixture.retrieval.contents.set(pack.fid, content);
      await fixture.catalog.files.stored(pack.id);
      await run();
      expect([await state("k0"), await state("k1"), await state("k2")]).to.deep.equal(["stored", "damaged", "stored"]);
      await refused("InternalError", read("k1"));
      expect(await packOf("k1")).to.equal(old);
      await fixture.gateway.objects.delete(as(alice), { bucket: "box", key: "k1" });
      expect(await fixture.catalog.files.get(old)).to.equal(undefined);
    });
  }
});
