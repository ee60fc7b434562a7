import { expect } from "chai";
import type { CopyRequest } from "../../../../src/gateway/gateway.js";
import type { AskingGateway } from "../../../support/asking-gateway.js";
import {
  alice,
  as,
  body,
  plainly,
  refused,
  type TestGateway,
  type TestGatewaySettings,
} from "../../../support/test-gateway.js";
import { cipher, content, fid, NetworkFixture, pending, reader } from "./network-fixture.js";

describe("A file of the network that is taken over", () => {
  let network: NetworkFixture;
  let fixture: TestGateway;
  beforeEach(async () => {
    network = await NetworkFixture.build();
    fixture = network.test;
  });
  afterEach(() => fixture.close());

  const source = { bucket: "cess", key: fid };
  const request = { source, sourcePreconditions: {} };
  const copy = (by: AskingGateway, more: Partial<CopyRequest> = {}) =>
    by.objects.copy(as(reader), { bucket: "mine", key: "copy" }, { ...request, ...more });
  const rows = () => fixture.catalog.files.withFid(fid);

  async function ready(settings?: TestGatewaySettings): Promise<AskingGateway> {
    const by = await network.gateway("cess", settings);
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
    await refused("PreconditionFailed", copy(by, { preconditions: { ifNoneMatch: "*" } }));
    expect(await rows()).to.deep.equal([]);
  });

  it("needs room in the territory, but not for an owner that the chain lists already", async () => {
    const by = await ready();
    fixture.chain.set(({ territories }) => {
      for (const space of territories.values()) space.used = space.total;
    });
    await refused("TerritoryTooSmall", copy(by));
    expect(await rows()).to.deep.equal([]);
    network.owners = [...network.owners, { account: alice.cessAccount }];
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
    network.redundancy = () => Promise.resolve(3);
    await refused("ObjectUnavailable", copy(await ready()));
    expect(await rows()).to.deep.equal([]);
  });

  it("is no object if the network gives it up, and nothing is left of it", async () => {
    network.distribute = (row) => fixture.catalog.files.failed(row, "the network does not have the file any more");
    const error = await refused("OperationAborted", copy(await ready()));
    expect(error.message).to.contain("does not have the file any more");
    expect(await fixture.catalog.objects.get("mine", "copy")).to.equal(undefined);
    expect(await rows()).to.deep.equal([]);
  });

  it("is no object while the chain refuses, and says why", async () => {
    network.distribute = (_row, job) => fixture.catalog.jobs.release(job, 0, "the chain has paused this call");
    const error = await refused("ServiceUnavailable", copy(await ready()));
    expect(error.message).to.contain("the chain has paused this call");
    expect((await rows())[0]?.needed).to.equal(false);
  });

  it("waits for a repeated request if its declaration takes too long, or its client is gone", async () => {
    network.distribute = () => Promise.resolve();
    const by = await ready({ takeOver: { pollMs: 2, waitMs: 20 } });
    await refused("ServiceUnavailable", copy(by));
    expect((await rows())[0]).to.include({ needed: true, state: "encoded" });
    const gone = new AbortController();
    gone.abort(new Error("gone"));
    const left = by.objects.copy(as(reader, gone.signal), { bucket: "mine", key: "copy" }, request);
    expect(await left.catch((error: unknown) => (error as Error).message)).to.equal("gone");
    network.distribute = (row) => fixture.catalog.files.stored(row);
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
