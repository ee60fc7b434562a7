import { expect } from "chai";
import type { CessAccount } from "../../src/model/account.js";
import type { Catalog } from "../../src/catalog/catalog.js";
import { TestClock } from "./catalog-fixture.js";

/** Opens the same catalog as often as it is called, each time as another process would. */
export type OpenShared = () => Promise<{
  readonly open: (clock: TestClock) => Promise<Catalog>;
  readonly end: () => Promise<void>;
}>;

/** What is kept in memory of buckets, accounts and keys, where several processes write to one catalog. */
export function configurationContract(openShared: OpenShared): void {
  describe("configuration that several processes change", () => {
    const clock = new TestClock();
    let one: Catalog;
    let other: Catalog;
    let end: () => Promise<void>;
    beforeEach(async () => {
      const shared = await openShared();
      one = await shared.open(clock);
      other = await shared.open(clock);
      end = async () => {
        await one.close();
        await other.close();
        await shared.end();
      };
      await one.buckets.create({ name: "box", owner: "anna", region: "us-east-1" });
    });
    afterEach(() => end());

    const account = {
      id: "id of amy",
      name: "amy",
      cessAccount: "camy" as CessAccount,
      territory: "home",
      readsNetwork: false,
      quota: {},
    };

    it("shows a bucket's documents to the next request, whoever changed them", async () => {
      await other.configuration.refresh();
      expect(await other.documents.get("box", "versioning")).to.equal(undefined);
      await one.documents.put("box", "versioning", "Enabled");
      await other.configuration.refresh();
      expect(await other.documents.get("box", "versioning")).to.equal("Enabled");
      expect((await other.buckets.get("box"))?.versioning).to.equal("Enabled");
      await other.documents.put("box", "versioning", "Suspended");
      await one.configuration.refresh();
      expect(await one.documents.get("box", "versioning")).to.equal("Suspended");
      await one.documents.delete("box", "versioning");
      await other.configuration.refresh();
      expect(await other.documents.get("box", "versioning")).to.equal(undefined);
    });

    it("shows that a bucket was deleted, and who has created it again", async () => {
      await other.configuration.refresh();
      expect((await other.buckets.get("box"))?.owner).to.equal("anna");
      await one.buckets.delete("box");
      await other.configuration.refresh();
      expect(await other.buckets.get("box")).to.equal(undefined);
      await one.buckets.create({ name: "box", owner: "bert", region: "us-east-1" });
      await other.configuration.refresh();
      expect((await other.buckets.get("box"))?.owner).to.equal("bert");
    });

    it("shows the quotas that another process sets", async () => {
      expect(await other.usage.quota("box")).to.deep.equal({});
      await one.usage.setQuota("box", { bytes: 5 });
      await other.configuration.refresh();
      expect(await other.usage.quota("box")).to.deep.equal({ bytes: 5 });
      await one.usage.setQuota("box", {});
      await other.configuration.refresh();
      expect(await other.usage.quota("box")).to.deep.equal({});
    });

    it("is a second old at most for who does not ask for the newest", async () => {
      expect(await other.documents.get("box", "versioning")).to.equal(undefined);
      await one.documents.put("box", "versioning", "Enabled");
      clock.time += 999;
      expect(await other.documents.get("box", "versioning")).to.equal(undefined);
      clock.time += 1;
      expect(await other.documents.get("box", "versioning")).to.equal("Enabled");
    });

    it("does not believe a clock that was set back", async () => {
      expect(await other.documents.get("box", "versioning")).to.equal(undefined);
      await one.documents.put("box", "versioning", "Enabled");
      clock.time -= 3_600_000;
      expect(await other.documents.get("box", "versioning")).to.equal("Enabled");
    });

    it("does not keep what was read while another process changed it", async () => {
      await other.configuration.refresh();
      const reading = other.documents.get("box", "versioning");
      await one.documents.put("box", "versioning", "Enabled");
      await other.configuration.refresh();
      const second = await other.documents.get("box", "versioning");
      await reading;
      expect([second, await other.documents.get("box", "versioning")]).to.deep.equal(["Enabled", "Enabled"]);
    });

    const changes: readonly (readonly [string, "buckets" | "identities", (catalog: Catalog) => Promise<unknown>])[] = [
      ["a new bucket", "buckets", (catalog) => catalog.buckets.create({ name: "new", owner: "anna", region: "r" })],
      ["a bucket's end", "buckets", (catalog) => catalog.buckets.delete("box")],
      ["a document", "buckets", (catalog) => catalog.documents.put("box", "versioning", "Enabled")],
      ["a bucket's quota", "buckets", (catalog) => catalog.usage.setQuota("box", { bytes: 5 })],
      ["a document's end", "buckets", (catalog) => catalog.documents.delete("box", "versioning")],
      ["a new account", "identities", (catalog) => catalog.identities.addAccount({ ...account, id: "b", name: "b" })],
      ["an account's quota", "identities", (catalog) => catalog.identities.setAccountQuota(account.id, { bytes: 1 })],
      ["an account that is disabled", "identities", (catalog) => catalog.identities.disableAccount(account.id)],
      ["an account that is enabled", "identities", (catalog) => catalog.identities.enableAccount(account.id)],
      ["an account's end", "identities", (catalog) => catalog.identities.removeAccount(account.id)],
      [
        "a new key",
        "identities",
        (catalog) => catalog.identities.addKey({ accessKeyId: "K2", account: account.id, sealedSecret: "s" }),
      ],
      ["a key's end", "identities", (catalog) => catalog.identities.removeKey("K1")],
    ];
    for (const [what, of, change] of changes)
      it(`raises the mark with ${what}`, async () => {
        await one.identities.addAccount(account);
        await one.identities.addKey({ accessKeyId: "K1", account: account.id, sealedSecret: "s" });
        const before = await other.configuration.refresh();
        await change(one);
        const after = await other.configuration.refresh();
        expect(after[of]).to.be.greaterThan(before[of]);
      });

    it("leaves the mark alone where nothing of the kind changes", async () => {
      const before = await other.configuration.refresh();
      await one.heartbeat();
      await one.usage.setQuota("none", { bytes: 5 }).catch(() => undefined);
      await one.documents.put("none", "versioning", "Enabled").catch(() => undefined);
      expect(await other.configuration.refresh()).to.deep.equal(before);
    });

    it("answers all who ask while a read runs by one further read, which began after they asked", async () => {
      const first = other.configuration.refresh();
      const together = Array.from({ length: 20 }, () => other.configuration.refresh());
      expect(new Set(together).size).to.equal(1);
      await first;
      await one.documents.put("box", "versioning", "Enabled");
      const [late, later] = [other.configuration.refresh(), other.configuration.refresh()];
      expect(late).to.equal(later);
      expect((await late).buckets).to.be.greaterThan((await first).buckets);
    });
  });
}
