import { expect } from "chai";
import type { GatewayFacts } from "../../src/catalog/catalog.js";
import { CatalogFixture, type OpenCatalog } from "./catalog-fixture.js";

export function gatewaysContract(open: OpenCatalog): void {
  describe("gateways", () => {
    const on = CatalogFixture.forEach(open);

    const gateway = (id: string, more: Partial<GatewayFacts> = {}): GatewayFacts => ({
      id,
      incarnation: `first start of ${id}`,
      place: `place of ${id}`,
      host: "host",
      folder: "/data",
      version: "1.2.3",
      startedAt: 5,
      ...more,
    });
    const row = async (id: string) => (await on.catalog.gateways.list()).find((each) => each.id === id);
    const gone = 0;

    it("are listed by id, with what they say of themselves", async () => {
      const { gateways } = on.catalog;
      expect(await gateways.enter(gateway("b"))).to.equal(true);
      expect(await gateways.enter(gateway("a", { staging: "token" }))).to.equal(true);
      const [first, second] = await gateways.list();
      const { schema, ...rest } = first!;
      expect(rest).to.deep.equal({ ...gateway("a", { staging: "token" }), seenAt: on.clock.time, beats: 1 });
      expect(schema).to.match(/^\d{4}_\w+$/);
      expect(second).to.not.have.property("staging");
    });

    it("are entered only once under an id, unless the one who has it is as it was read", async () => {
      const { gateways } = on.catalog;
      await gateways.enter(gateway("a"));
      const next = gateway("a", { incarnation: "second start" });
      expect(await gateways.enter(next)).to.equal(false);
      const known = (await row("a"))!;
      await gateways.beat(gateway("a"), { gone });
      expect(await gateways.enter(next, known)).to.equal(false);
      expect((await row("a"))?.incarnation).to.equal("first start of a");
      expect(await gateways.enter(next, await row("a"))).to.equal(true);
      expect((await row("a"))?.incarnation).to.equal("second start");
      expect(await gateways.enter(gateway("c"), known)).to.equal(false);
    });

    it("are entered by one of those who try at the same moment", async () => {
      const { gateways } = on.catalog;
      const tries = ["x", "y", "z"].map((incarnation) => gateways.enter(gateway("a", { incarnation })));
      expect((await Promise.all(tries)).filter(Boolean)).to.have.length(1);
    });

    it("give signs of life, which are counted, with the time and the address", async () => {
      const { gateways } = on.catalog;
      await gateways.enter(gateway("a"));
      on.clock.time += 5_000;
      expect(await gateways.beat(gateway("a"), { address: "http://a:9000", gone })).to.equal("taken");
      expect(await row("a")).to.include({ beats: 2, seenAt: on.clock.time, address: "http://a:9000" });
      await gateways.beat(gateway("a"), { gone });
      expect(await row("a")).to.include({ beats: 3 });
    });

    it("are told by their sign of life that another start has their id", async () => {
      const { gateways } = on.catalog;
      await gateways.enter(gateway("a"));
      await gateways.enter(gateway("a", { incarnation: "second start" }), await row("a"));
      const before = await row("a");
      expect(await gateways.beat(gateway("a"), { gone })).to.equal("replaced");
      await gateways.leave(gateway("a"));
      expect(await row("a")).to.deep.equal(before);
    });

    it("are removed when they leave, and when they were not seen for long, and come back by a sign of life", async () => {
      const { gateways } = on.catalog;
      for (const id of ["a", "b", "c"]) await gateways.enter(gateway(id));
      await gateways.leave(gateway("a"));
      expect(await row("a")).to.equal(undefined);
      on.clock.time += 100;
      await gateways.beat(gateway("b"), { gone: on.clock.time });
      expect((await gateways.list()).map(({ id }) => id)).to.deep.equal(["b"]);
      expect(await gateways.beat(gateway("c"), { gone })).to.equal("taken");
      expect((await gateways.list()).map(({ id }) => id)).to.deep.equal(["b", "c"]);
    });
  });
}
