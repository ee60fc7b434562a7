import { expect } from "chai";
import { MountedGateway, type Mount } from "../../../src/gateway/mounted-gateway.js";
import type { Gateway } from "../../../src/gateway/gateway.js";
import { AskingGateway } from "../../support/asking-gateway.js";
import { collect } from "../../support/collect.js";
import { alice, as, bob, body, bytesOf, plainly, refused, TestGateway } from "../../support/test-gateway.js";

const BYTES = bytesOf(1000, 1);
const page = { prefix: "", delimiter: "", after: "", limit: 100 };

describe("A gateway with mounts", () => {
  let own: TestGateway;
  let first: TestGateway;
  let second: TestGateway;
  let gateway: AskingGateway;

  /** Over the other's catalog, to which nothing can be written. */
  function mountOf(other: TestGateway, account: string): Mount {
    const catalog = other.catalog.fenced(() => {
      throw new Error("it is read only");
    });
    return {
      account,
      gateway: other.gatewayWith({ catalog }).gateway,
      has: async (bucket) => (await catalog.buckets.get(bucket)) !== undefined,
    };
  }

  before(async () => {
    [own, first, second] = await Promise.all([TestGateway.build(), TestGateway.build(), TestGateway.build()]);
    for (const [{ gateway: each }, buckets] of [
      [own, ["mine", "both"]],
      [first, ["both", "far", "same"]],
      [second, ["same", "farther"]],
    ] as const)
      for (const bucket of buckets) await each.buckets.create(as(alice), bucket);
    const call = as(alice);
    for (const [of, bucket] of [
      [own, "both"],
      [first, "both"],
      [first, "far"],
      [first, "same"],
      [second, "same"],
    ] as const) {
      const name = of === own ? "own" : of === first ? "first" : "second";
      await of.store(await of.gateway.objects.put(call, { bucket, key: name }, body(BYTES), plainly));
    }
    const mounts = [mountOf(first, "cFirst"), mountOf(second, "cSecond")];
    gateway = new AskingGateway(new MountedGateway(own.cess, mounts));
  });
  after(() => Promise.all([own, first, second].map((each) => each.close())));

  const keys = async (bucket: string, asking = gateway) =>
    (await asking.objects.list(as(alice), bucket, page)).keys.map(({ key }) => key);

  it("serves its own bucket where a mount has one of that name, and the first mount's before the second's", async () => {
    expect(await keys("both")).to.deep.equal(["own"]);
    expect(await keys("far")).to.deep.equal(["first"]);
    expect(await keys("same")).to.deep.equal(["first"]);
    expect(await keys("farther")).to.deep.equal([]);
  });

  it("lists all buckets once, in order", async () => {
    const listed = await gateway.buckets.list(as(alice));
    expect(listed.map(({ name }) => name)).to.deep.equal(["both", "far", "farther", "mine", "same"]);
    expect(await gateway.buckets.list(as(bob))).to.deep.equal([]);
  });

  it("reads objects, their metadata and the bucket's documents, and writes nothing to the mount for it", async () => {
    const name = { bucket: "far", key: "first" };
    const { body: content, version } = await gateway.objects.get(as(alice), name, { preconditions: {} });
    expect(await collect(content)).to.deep.equal(BYTES);
    expect((await gateway.objects.head(as(alice), name, { preconditions: {} })).version.etag).to.equal(version.etag);
    expect((await gateway.buckets.get(as(alice), "far")).owner).to.equal(alice.id);
    await refused("ServerSideEncryptionConfigurationNotFoundError", gateway.encryption.get(as(alice), "far"));
    await refused("NoSuchKey", gateway.objects.get(as(alice), { bucket: "far", key: "none" }, { preconditions: {} }));
    expect(await gateway.gateway.documents.published("far", "cors")).to.equal(undefined);
    await refused("NoSuchBucket", gateway.gateway.documents.published("nowhere", "cors"));
  });

  it("goes by the mounted bucket's owner and policy", async () => {
    const name = { bucket: "far", key: "first" };
    await refused("AccessDenied", gateway.objects.get(as(bob), name, { preconditions: {} }));
    const policy = {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::far/*" }],
    };
    const call = { ...as(alice), bucket: (await first.catalog.buckets.get("far"))! };
    await first.cess.documents.delete(call, "publicAccessBlock");
    await first.setDocument("far", "policy", JSON.stringify(policy));
    const found = await gateway.objects.get(as(bob), name, { preconditions: {} });
    expect(await collect(found.body)).to.deep.equal(BYTES);
  });

  it("refuses every change, and says where the bucket is from and what to do", async () => {
    const call = as(alice);
    const name = { bucket: "far", key: "first" };
    const changes = [
      () => gateway.objects.put(call, name, body(BYTES), plainly),
      () => gateway.objects.delete(call, name),
      () => gateway.objects.deleteAll(call, "far", [{ Key: "first" }]),
      () => gateway.buckets.delete(call, "far"),
      () => gateway.encryption.set(call, "far", { algorithm: "AES256" }),
      () => gateway.uploads.create(call, name, plainly),
      () =>
        gateway.objects.copy(
          call,
          { ...name, key: "copy" },
          { source: { bucket: "mine", key: "x" }, sourcePreconditions: {} },
        ),
    ];
    for (const change of changes) {
      const { message } = await refused("AccessDenied", change());
      expect(message).to.contain("mounted for reading from cFirst");
      expect(message).to.contain("Change it at the gateway that writes it");
    }
    expect((await refused("AccessDenied", gateway.objects.delete(as(bob), name))).message).to.not.contain("cFirst");
    expect(await keys("far")).to.deep.equal(["first"]);
  });

  it("creates no bucket that would hide a mounted one, and goes on to create its own again", async () => {
    expect((await refused("BucketAlreadyExists", gateway.buckets.create(as(alice), "far"))).message).to.contain(
      "cFirst",
    );
    await refused("BucketAlreadyExists", gateway.buckets.create(as(bob), "far"));
    await gateway.buckets.create(as(alice), "both");
    await gateway.buckets.create(as(alice), "new");
    await gateway.buckets.delete(as(alice), "new");
  });

  it("copies nothing out of a mount, and says how to", async () => {
    const source = { bucket: "far", key: "first" };
    const to = { bucket: "mine", key: "copy" };
    const { message } = await refused(
      "NotImplemented",
      gateway.objects.copy(as(alice), to, { source, sourcePreconditions: {} }),
    );
    expect(message).to.contain("get the object, and put it");
    await refused(
      "NoSuchBucket",
      gateway.objects.copy(as(alice), to, { source: { ...source, bucket: "nowhere" }, sourcePreconditions: {} }),
    );
  });

  it("asks no mount about a bucket of its own", async () => {
    const never: Mount = {
      account: "cNever",
      gateway: {} as Gateway,
      has: () => Promise.reject(new Error("it was asked")),
    };
    const asked = new AskingGateway(new MountedGateway(own.cess, [never]));
    expect(await keys("both", asked)).to.deep.equal(["own"]);
    await asked.objects.put(as(alice), { bucket: "mine", key: "k" }, body(BYTES), plainly);
    await asked.objects.delete(as(alice), { bucket: "mine", key: "k" });
  });
});
