import { expect } from "chai";
import { ANONYMOUS } from "../../../../src/model/account.js";
import type { Fid } from "../../../../src/model/hash.js";
import { alice, as, bob, refused } from "../../../support/test-gateway.js";
import { NetworkFixture, reader } from "./network-fixture.js";

describe("The network bucket, listed", () => {
  let network: NetworkFixture;
  beforeEach(async () => {
    network = await NetworkFixture.build();
  });
  afterEach(() => network.test.close());
  const gateway = () => network.gateway();

  const fids = Array.from({ length: 30 }, (_, n) => `${(n * 37) % 256}`.padStart(3, "0") + "a".repeat(61)) as Fid[];
  const sorted = [...fids].sort();
  const request = { prefix: "", delimiter: "", after: "", limit: 1000 };
  beforeEach(() => {
    network.held = new Map(fids.map((each, n) => [each, n]));
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

  it("leaves out what was just deleted", async () => {
    network.gone.add(sorted[0]!);
    const { objects } = await gateway();
    const { keys } = await objects.list(as(reader), "cess", request);
    expect(keys.map(({ key }) => key)).to.deep.equal(sorted.slice(1));
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
