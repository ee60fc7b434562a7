import { expect } from "chai";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gatewayIdentity } from "../../../../src/cli/gateway/gateway-identity.js";
import { gatewaySchema } from "../../../../src/config/gateway.js";

describe("A gateway's id", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "cess-s3-id-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const start = (id?: string) =>
    gatewayIdentity({ dataDir: folder, gateway: { id, clockSeconds: 5 } }, { now: () => 7 });

  it("is made at the first start and kept in the data folder, with another incarnation each time", async () => {
    const [first, second] = [await start(), await start()];
    expect(first.id).to.equal(second.id);
    expect(first.place).to.equal(second.place);
    expect(first.incarnation).to.not.equal(second.incarnation);
    expect(gatewaySchema.shape.id.safeParse(first.id).success, first.id).to.equal(true);
    expect(first).to.include({ folder, startedAt: 7 });
  });

  it("is the configured one, which does not make another place of the folder", async () => {
    const { place } = await start();
    expect(await start("gateway-7")).to.include({ id: "gateway-7", place });
  });

  it("is made anew where its file cannot be read as one", async () => {
    const { id, place } = await start();
    for (const damaged of ["", "{", "[]", '{"id":5,"place":"x"}', JSON.stringify({ id, place: "short" })]) {
      await writeFile(join(folder, "gateway.json"), damaged);
      expect((await start()).place, damaged)
        .to.match(/^[0-9a-f]{32}$/)
        .and.not.equal(place);
    }
    expect(JSON.parse(await readFile(join(folder, "gateway.json"), "utf8"))).to.have.keys("id", "place");
  });
});
