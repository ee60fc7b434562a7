import { expect } from "chai";
import { alice, Bench } from "../../support/distribution-bench.js";

describe("The name that a file is declared under", () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await Bench.open();
    await bench.start();
  });
  afterEach(() => bench.close());

  const tag = (value: string) => bench.catalog.documents.put("alice", "tagging", [{ key: "cess-name", value }]);
  async function nameOf(key: string): Promise<string | undefined> {
    await bench.put(alice, key, `bytes of ${key}`);
    await bench.untilState(alice, key, "stored");
    const { fid } = (await bench.row(alice, key))!;
    return bench.chain.finalFile(fid)?.owners[0]?.fileName;
  }

  it("is a token that says nothing", async () => {
    expect(await nameOf("2026/report.pdf")).to.match(/^[a-ik-q]{32}$/);
    await bench.catalog.documents.put("alice", "tagging", [{ key: "name", value: "key" }]);
    expect(await nameOf("2026/other.pdf")).to.match(/^[a-ik-q]{32}$/);
  });

  it("is made from the object's key where the bucket's tag says so, unless nothing of it can be said", async () => {
    await tag("key");
    expect(await nameOf("2026/report.pdf")).to.equal("report.pdf");
    expect(await nameOf("2026/…")).to.match(/^[a-ik-q]{32}$/);
  });

  it("is a token for a value of the tag that means nothing", async () => {
    await tag("yes");
    expect(await nameOf("report.pdf")).to.match(/^[a-ik-q]{32}$/);
  });
});
