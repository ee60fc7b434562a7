import { expect } from "chai";
import { MIB } from "../../../../src/model/sizes.js";
import { PlacementTags } from "../../../../src/model/placement-tags.js";
import { alice, as, body, plainly, refused, TestGateway } from "../../../support/test-gateway.js";

describe("An object's layout", () => {
  let fixture: TestGateway;
  before(async () => {
    fixture = await TestGateway.build({ packing: { maxObjectBytes: 1000 }, multipartEtag: "md5-parts" });
    await fixture.gateway.buckets.create(as(alice), "box");
  });
  after(() => fixture.close());

  const put = (key: string, size: number, more: Partial<typeof plainly> = {}, announced = {}) =>
    fixture.gateway.objects.put(as(alice), { bucket: "box", key }, body(Buffer.alloc(size, 1), announced), {
      ...plainly,
      ...more,
    });
  /** Sizes of the objects that wait for a pack, and how many are to become files of their own; then nothing waits. */
  async function waiting(): Promise<readonly [readonly number[], number]> {
    const { packs, jobs, objects } = fixture.catalog;
    const queued = await packs.queued({ owner: alice.id, format: "plain" }, 100);
    const { encode } = await jobs.count();
    const page = await objects.list({
      bucket: "box",
      owner: alice.id,
      prefix: "",
      delimiter: "",
      after: "",
      limit: 100,
    });
    for (const entry of page.entries) if (entry.kind === "key") await objects.delete("box", entry.version.key);
    return [queued.map(({ size }) => size), encode];
  }

  it("is a pack up to the configured size, announced or not, and a file of its own above it", async () => {
    await put("a", 1000);
    await put("b", 999, {}, { size: undefined });
    await put("c", 1001);
    await put("d", 1001, {}, { size: undefined });
    await put("empty", 0);
    expect(await waiting()).to.deep.equal([[1000, 999], 2]);
  });

  it("is what the object's metadata ask for, else what the bucket's tag does", async () => {
    await put("own", 10, { metadata: { "cess-layout": "own-file" } });
    await fixture.catalog.documents.put("box", "tagging", [{ key: "cess-layout", value: "own-file" }]);
    await put("by tag", 11);
    await put("pack", 12, { metadata: { "cess-layout": "pack" } });
    await put("too large", 1001, { metadata: { "cess-layout": "pack" } });
    await fixture.catalog.documents.delete("box", "tagging");
    expect(await waiting()).to.deep.equal([[12], 3]);
  });

  it("is a pack for a small completed upload whose ETag is no FID", async () => {
    const call = as(alice);
    const { id } = await fixture.gateway.uploads.create(call, { bucket: "box", key: "up" }, plainly);
    const target = { bucket: "box", key: "up" };
    const part = await fixture.gateway.uploads.putPart(call, target, id, 1, body(Buffer.alloc(900, 2)));
    const { result } = await fixture.gateway.uploads.complete(call, target, id, {
      parts: [{ partNumber: 1, etag: part.etag }],
      preconditions: {},
    });
    await result;
    expect(await waiting()).to.deep.equal([[900], 0]);
  });

  it("is that of the copy, not of its source: a copy with a file of its own moves the bytes", async () => {
    await put("source", 500);
    const from = { source: { bucket: "box", key: "source" }, preconditions: {}, sourcePreconditions: {} };
    const copy = (key: string, metadata: Record<string, string>) =>
      fixture.gateway.objects.copy(
        as(alice),
        { bucket: "box", key },
        {
          ...from,
          replaceMetadata: { content: {}, metadata },
        },
      );
    await copy("shared", {});
    await copy("own", { "cess-layout": "own-file" });
    expect(await waiting()).to.deep.equal([[500, 500], 1]);
  });

  it("is a file of its own in a bucket that chooses storage nodes, whatever its metadata ask for", async () => {
    const regions = new Map([["eu", { networks: new Set(["10.0.0.0/16"]), nodes: new Set<string>() }]]);
    const placementTags = new PlacementTags({ allowed: true, regions, parseAccount: (text) => text });
    const gateway = fixture.gatewayWith({ placementTags }, { packing: { maxObjectBytes: 1000 } });
    const tags = [{ key: "cess-regions", value: "eu" }];
    await gateway.buckets.create(as(alice), "placed", { tags });
    const put = (bucket: string, metadata = {}) =>
      gateway.objects.put(as(alice), { bucket, key: "small" }, body(Buffer.alloc(10, 1)), { ...plainly, metadata });
    const charged = async (bucket: string, metadata?: object) => (await put(bucket, metadata)).durability.chargedBytes;
    expect(await charged("placed")).to.equal(96 * MIB);
    expect(await charged("placed", { "cess-layout": "pack" })).to.equal(96 * MIB);
    expect(await charged("box")).to.equal(30);
    for (const [bucket, with_] of [
      ["moon", { tags: [{ key: "cess-regions", value: "moon" }] }],
      ["few", { tags: [{ key: "cess-nodes", value: "one two" }] }],
    ] as const)
      await refused("InvalidTag", gateway.buckets.create(as(alice), bucket, with_));
    await refused("InvalidTag", fixture.gateway.buckets.create(as(alice), "off", { tags }));
    await waiting();
    await gateway.objects.delete(as(alice), { bucket: "placed", key: "small" });
  });

  it("must be one that there is, in metadata and in tags of buckets", async () => {
    const error = await refused("InvalidArgument", put("bad", 10, { metadata: { "cess-layout": "zip" } }));
    expect(error.message).to.contain("own-file or pack");
    await refused("InvalidArgument", put("bad", 10 * MIB, { metadata: { "cess-layout": "" } }));
    const tags = [{ key: "cess-layout", value: "Pack" }];
    await refused("InvalidArgument", fixture.gateway.buckets.create(as(alice), "tagged", { tags }));
  });
});
