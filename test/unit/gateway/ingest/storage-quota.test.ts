import { expect } from "chai";
import type { Account } from "../../../../src/model/account.js";
import { ByteStream } from "../../../../src/streams/byte-stream.js";
import type { AskingGateway } from "../../../support/asking-gateway.js";
import { alice, as, bob, body, bytesOf, plainly, refused, TestGateway } from "../../../support/test-gateway.js";

describe("The operator's quotas", () => {
  let fixture: TestGateway;
  let gateway: AskingGateway;
  let owner: Account;

  before(async () => (fixture = await TestGateway.build()));
  after(() => fixture.close());
  let count = 0;
  let bucket: string;
  beforeEach(async () => {
    bucket = `box-${count++}`;
    owner = alice;
    gateway = fixture.gatewayWith({
      accounts: { owner: (id) => [owner, bob].find((each) => each.id === id), all: [owner, bob] },
    });
    await gateway.buckets.create(as(alice), bucket);
  });

  const put = (key: string, size: number, more = {}) =>
    gateway.objects.put(as(alice), { bucket, key }, { ...body(bytesOf(size, 1)), ...more }, plainly);
  const usage = async () => (await fixture.catalog.usage.bucket(bucket)).usage;

  it("refuse a body before any of it is read where its size is known, and after it otherwise, leaving nothing", async () => {
    await fixture.catalog.usage.setQuota(bucket, { bytes: 1000 });
    const blobs = await fixture.blobIds();
    const unread = ByteStream.of(bytesOf(1001, 1));
    let read = false;
    const stream = (async function* () {
      read = true;
      yield* unread;
    })();
    await refused("QuotaExceeded", put("a", 1001, { stream }));
    expect(read).to.equal(false);
    await refused("QuotaExceeded", put("a", 1001, { size: undefined }));
    expect(await fixture.blobIds()).to.deep.equal(blobs);
    await put("a", 1000);
    await put("a", 1000);
    await put("a", 900, { size: undefined });
    await refused("QuotaExceeded", put("b", 101));
    expect(await usage()).to.deep.equal({ bytes: 900, uploadBytes: 0, objects: 1 });
  });

  it("are met at the commit, whatever was promised before: of objects that come at once only as many as fit", async () => {
    await fixture.catalog.usage.setQuota(bucket, { bytes: 3500 });
    const puts = await Promise.allSettled(Array.from({ length: 10 }, (_, index) => put(`k${index}`, 1000)));
    expect(puts.filter(({ status }) => status === "fulfilled")).to.have.length(3);
    expect(await usage()).to.deep.equal({ bytes: 3000, uploadBytes: 0, objects: 3 });
  });

  it("count what an account has in all its buckets, and whoever writes", async () => {
    owner = { ...alice, quota: { bytes: (await fixture.catalog.usage.owner(alice.id)).bytes + 1500 } };
    await put("a", 1000);
    const refusal = await refused("QuotaExceeded", put("b", 1000));
    expect(refusal.details.message).to.contain("The account alice has a quota of");
    owner = alice;
    await put("b", 1000);
  });

  it("count parts while they wait, and an upload's object when it is completed", async () => {
    await fixture.catalog.usage.setQuota(bucket, { bytes: 2000, objects: 1 });
    const name = { bucket, key: "big" };
    const { id } = await gateway.uploads.create(as(alice), name, plainly);
    const part = (number: number, size: number) =>
      gateway.uploads.putPart(as(alice), name, id, number, body(bytesOf(size, number)));
    const first = await part(1, 1500);
    await refused("QuotaExceeded", part(2, 501));
    await part(1, 1999);
    const again = await part(1, 1500);
    expect(await usage()).to.deep.equal({ bytes: 0, uploadBytes: 1500, objects: 0 });
    expect(again.etag).to.equal(first.etag);
    await put("another", 1);
    const complete = async () => {
      const request = { parts: [{ partNumber: 1, etag: again.etag }] };
      return (await gateway.uploads.complete(as(alice), name, id, request)).result;
    };
    await refused("QuotaExceeded", complete());
    await fixture.catalog.usage.setQuota(bucket, { bytes: 2000, objects: 2 });
    await complete();
    expect(await usage()).to.deep.equal({ bytes: 1501, uploadBytes: 0, objects: 2 });
  });

  it("count copies by their size, although they share their source's bytes", async () => {
    await put("a", 1000);
    await fixture.catalog.usage.setQuota(bucket, { bytes: 1500 });
    const request = { source: { bucket, key: "a" }, sourcePreconditions: {} };
    await refused("QuotaExceeded", gateway.objects.copy(as(alice), { bucket, key: "b" }, request));
    await fixture.catalog.usage.setQuota(bucket, { bytes: 2000 });
    await gateway.objects.copy(as(alice), { bucket, key: "b" }, request);
    expect(await usage()).to.deep.equal({ bytes: 2000, uploadBytes: 0, objects: 2 });
  });

  it("charge nothing more to a disabled account, whoever writes", async () => {
    await put("a", 10);
    owner = { ...alice, disabled: true };
    const { id } = await fixture.gateway.uploads.create(as(alice), { bucket, key: "k" }, plainly);
    await refused(
      "AccessDenied",
      gateway.uploads.putPart(as(owner), { bucket, key: "k" }, id, 1, body(bytesOf(10, 1))),
    );
    await refused("AccessDenied", gateway.objects.put(as(owner), { bucket, key: "b" }, body(bytesOf(10, 1)), plainly));
  });
});
