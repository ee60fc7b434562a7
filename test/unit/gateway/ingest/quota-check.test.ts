import { expect } from "chai";
import { QuotaCheck } from "../../../../src/gateway/ingest/quota-check.js";
import type { BlobId } from "../../../../src/model/object.js";
import { CHARGED_PER_SEGMENT, MIB, SEGMENT_SIZE } from "../../../../src/model/sizes.js";
import { alice, as, body, TestGateway, plainly, refused } from "../../../support/test-gateway.js";

describe("QuotaCheck", () => {
  let fixture: TestGateway;
  const name = { bucket: "photos", key: "k" };
  /** Room for this many segments and one byte, since the space left must exceed what is needed. */
  const roomFor = (segments: number) => segments * CHARGED_PER_SEGMENT + 1;
  const unread = (size: number) => ({
    ...body(Buffer.alloc(0), { size }),
    stream: {
      [Symbol.asyncIterator]: () => {
        throw new Error("the body was read");
      },
    },
  });
  const put = (given: ReturnType<typeof body>, key = "k") =>
    fixture.gateway.objects.put(as(alice), { bucket: "photos", key }, given, plainly);
  const space = () => fixture.chain.space(alice.cessAccount, alice.territory)!;

  async function build(segments: number): Promise<void> {
    fixture = await TestGateway.build({ territoryBytes: roomFor(segments) });
    await fixture.gateway.buckets.create(as(alice), "photos");
  }
  afterEach(() => fixture.close());

  it("refuses before the body is read what the territory cannot hold, saying how much is left", async () => {
    await build(2);
    const error = await refused("TerritoryTooSmall", put(unread(2 * SEGMENT_SIZE + 1)));
    expect(error.message)
      .to.contain("192.0 MiB")
      .and.to.contain(`${roomFor(2)} bytes`)
      .and.to.contain("expandingTerritory");
    expect(error.details.fields).to.include({
      RemainingBytes: String(roomFor(2)),
      RequiredBytes: String(3 * CHARGED_PER_SEGMENT),
    });
  });

  it("needs strictly more space than is charged", async () => {
    await build(1);
    fixture.chain.set((state) => state.territories.get(`${alice.cessAccount}/${alice.territory}`)!.total--);
    await refused("TerritoryTooSmall", put(unread(1)));
  });

  it("refuses after the body where its size was not announced, leaving no trace", async () => {
    await build(0);
    await refused("TerritoryTooSmall", put(body(Buffer.from("some bytes"), { size: undefined })));
    expect(await fixture.blobIds()).to.deep.equal([]);
  });

  it("counts objects that are on their way to the network", async () => {
    await build(2);
    await put(body(Buffer.from("first")), "1");
    await put(body(Buffer.from("second")), "2");
    await refused("TerritoryTooSmall", put(unread(1), "3"));
    await fixture.gateway.objects.delete(as(alice), { bucket: "photos", key: "1" });
    await put(body(Buffer.from("third")), "3");
  });

  it("does not promise the same space to requests that come together", async () => {
    await build(3);
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, (_, n) => put(body(Buffer.from("x")), String(n))),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).to.have.length(3);
  });

  it("gives the space back of a body that failed", async () => {
    await build(1);
    for (let n = 0; n < 3; n++) await refused("IncompleteBody", put(body(Buffer.from("short"), { size: 10 })));
    await put(body(Buffer.from("whole")));
  });

  it("counts an upload's parts as they come, whoever announced their sizes", async () => {
    await build(1);
    const { uploads } = fixture.gateway;
    const { id } = await uploads.create(as(alice), name, plainly);
    await uploads.putPart(as(alice), name, id, 1, body(Buffer.alloc(6 * MIB)));
    await refused("TerritoryTooSmall", uploads.putPart(as(alice), name, id, 2, unread(26 * MIB + 1)));
    await uploads.putPart(as(alice), name, id, 2, body(Buffer.alloc(MIB), { size: undefined }));
  });

  it("always admits an empty object", async () => {
    await build(0);
    fixture.chain.set((state) => state.authorizers.clear());
    await put(body(Buffer.alloc(0)));
  });

  it("names what is wrong with authorization and territory, and what to do", async () => {
    await build(1);
    fixture.chain.set((state) => state.authorizers.clear());
    expect((await refused("GatewayNotAuthorized", put(unread(1)))).message)
      .to.contain("oss.authorize")
      .and.to.contain(fixture.chain.account);
    fixture.chain.set((state) => state.authorizers.add(alice.cessAccount));
    space().state = "frozen";
    expect((await refused("TerritoryNotActive", put(unread(1)))).message)
      .to.contain("frozen")
      .and.to.contain("renewalTerritory");
    fixture.chain.set((state) => state.territories.clear());
    expect((await refused("TerritoryNotFound", put(unread(1)))).message).to.contain("mintTerritory");
    // A refusal is never from memory: what it asked for may just have been done.
    fixture.chain.addTerritory(alice.cessAccount, alice.territory, BigInt(roomFor(1)));
    await put(body(Buffer.from("x")));
  });

  it("refuses an upload at its creation when there is no room at all", async () => {
    await build(0);
    await refused("TerritoryTooSmall", fixture.gateway.uploads.create(as(alice), name, plainly));
  });

  it("reads the chain once for many requests while there is ample room, and again after five seconds", async () => {
    await build(100);
    let reads = 0;
    const counting = Object.assign(Object.create(fixture.chain) as typeof fixture.chain, {
      account: fixture.chain.account,
      territory: (...given: Parameters<typeof fixture.chain.territory>) => {
        reads++;
        return fixture.chain.territory(...given);
      },
      authorized: () => Promise.resolve(true),
    });
    const quota = new QuotaCheck({ catalog: fixture.catalog, chain: counting, clock: fixture.clock });
    await Promise.all(Array.from({ length: 5 }, async () => (await quota.admit(alice, 1))()));
    (await quota.admit(alice, 1))();
    expect(reads).to.equal(1);
    await fixture.clock.advance(5001);
    (await quota.admit(alice, 1))();
    expect(reads).to.equal(2);
    (await quota.admit(alice, 60 * SEGMENT_SIZE))();
    expect(reads, "near the border it looks again").to.equal(3);
  });

  it("has the catalog sum up what waits once for many requests while there is ample room, and for each near the border", async () => {
    await build(100);
    let sums = 0;
    const objects = Object.assign(Object.create(fixture.catalog.objects) as typeof fixture.catalog.objects, {
      undeclaredBytes: (owner: string) => {
        sums++;
        return fixture.catalog.objects.undeclaredBytes(owner);
      },
    });
    const catalog = Object.assign(Object.create(fixture.catalog) as typeof fixture.catalog, { objects });
    const quota = new QuotaCheck({ catalog, chain: fixture.chain, clock: fixture.clock });
    for (let n = 0; n < 40; n++) await quota.admit(alice, 1);
    expect(sums).to.equal(1);
    for (let n = 0; n < 60; n++) await quota.admit(alice, 1);
    expect(sums).to.be.greaterThan(40);
    await refused("TerritoryTooSmall", quota.admit(alice, 1));
  });

  describe("beside other gateways", () => {
    const gateways = (shared: boolean) => {
      const catalog = Object.assign(Object.create(fixture.catalog) as typeof fixture.catalog, { shared });
      return [1, 2].map(() => new QuotaCheck({ catalog, chain: fixture.chain, clock: fixture.clock })) as [
        QuotaCheck,
        QuotaCheck,
      ];
    };
    const written = async (quota: QuotaCheck, key: string) => {
      const requireRoom = await quota.recheck(alice, 1);
      const members = { size: 1, etag: key, content: {}, metadata: {}, requireRoom };
      const blob = { blob: key as BlobId, offset: 0, length: 1 };
      return fixture.catalog.objects.put({ bucket: "photos", key, owner: alice.id, ...members }, { blobs: [blob] });
    };

    it("refuses what another gateway has filled meanwhile, when it is written", async () => {
      await build(1);
      const [one, two] = gateways(true);
      await Promise.all([one.admit(alice, 1), two.admit(alice, 1)]);
      await written(two, "first");
      const error = await refused("TerritoryTooSmall", written(one, "second"));
      expect(error.details.fields).to.include({ WaitingBytes: String(CHARGED_PER_SEGMENT) });
      expect((await fixture.catalog.objects.get("photos", "second"))?.etag).to.equal(undefined);
    });

    it("checks once more only near the border", async () => {
      await build(10);
      const [one] = gateways(true);
      await one.admit(alice, 1);
      expect(await one.recheck(alice, 1)).to.equal(undefined);
      await one.admit(alice, 5 * SEGMENT_SIZE);
      expect(await one.recheck(alice, 5 * SEGMENT_SIZE)).to.be.a("function");
      expect(await one.recheck(alice, 0)).to.equal(undefined);
      const [alone] = gateways(false);
      expect(await alone.recheck(alice, 5 * SEGMENT_SIZE)).to.equal(undefined);
    });

    it("goes by what the chain said last when it is away by the time the body is there", async () => {
      await build(1);
      const [one] = gateways(true);
      await one.admit(alice, 1);
      fixture.chain.connected = false;
      await fixture.clock.advance(3_600_000);
      await written(one, "late");
      await refused("TerritoryTooSmall", written(one, "later"));
    });
  });

  it("trusts what it last knew for ten minutes while the chain is away, then is unavailable", async () => {
    await build(10);
    await put(body(Buffer.from("x")));
    fixture.chain.connected = false;
    await fixture.clock.advance(599_000);
    await put(body(Buffer.from("y")));
    await refused("TerritoryTooSmall", put(unread(11 * SEGMENT_SIZE)));
    await fixture.clock.advance(2_000);
    await refused("ServiceUnavailable", put(unread(1)));
    fixture.chain.connected = true;
    await put(body(Buffer.from("z")));
  });
});
