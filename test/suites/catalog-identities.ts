import { expect } from "chai";
import type { CessAccount } from "../../src/model/account.js";
import { CatalogFixture, type OpenCatalog } from "./catalog-fixture.js";

export function identitiesContract(open: OpenCatalog): void {
  describe("identities", () => {
    const on = CatalogFixture.forEach(open);

    const account = (name: string, more = {}) => ({
      id: `id of ${name}`,
      name,
      cessAccount: `c${name}` as CessAccount,
      territory: "home",
      readsNetwork: false,
      quota: {},
      ...more,
    });

    it("keeps accounts, in the order of their names", async () => {
      const { identities } = on.catalog;
      expect(await identities.addAccount(account("zoe", { readsNetwork: true, quota: { bytes: 5 } }))).to.equal(true);
      expect(await identities.addAccount(account("amy"))).to.equal(true);
      const createdAt = on.clock.time;
      expect(await identities.accounts()).to.deep.equal([
        { ...account("amy"), createdAt },
        { ...account("zoe", { readsNetwork: true, quota: { bytes: 5 } }), createdAt },
      ]);
    });

    it("takes no second account of a name or of an id", async () => {
      const { identities } = on.catalog;
      await identities.addAccount(account("amy"));
      expect(await identities.addAccount(account("amy", { id: "another" }))).to.equal(false);
      expect(await identities.addAccount(account("zoe", { id: "id of amy" }))).to.equal(false);
      expect(await identities.accounts()).to.have.length(1);
    });

    it("remembers since when an account is disabled, until it is enabled", async () => {
      const { identities } = on.catalog;
      await identities.addAccount(account("amy"));
      const since = on.clock.time;
      expect(await identities.disableAccount("id of amy")).to.equal(true);
      on.clock.time += 1000;
      expect(await identities.disableAccount("id of amy")).to.equal(true);
      expect((await identities.accounts())[0]?.disabledAt).to.equal(since);
      expect(await identities.enableAccount("id of amy")).to.equal(true);
      expect((await identities.accounts())[0]).to.not.have.property("disabledAt");
      expect(await identities.disableAccount("nobody")).to.equal(false);
    });

    it("changes an account's quota, and removes an account with its keys", async () => {
      const { identities } = on.catalog;
      await identities.addAccount(account("amy"));
      await identities.setAccountQuota("id of amy", { objects: 3 });
      expect((await identities.accounts())[0]?.quota).to.deep.equal({ objects: 3 });
      await identities.addKey({ accessKeyId: "K1", account: "id of amy", sealedSecret: "s" });
      await identities.addKey({ accessKeyId: "K2", account: "someone of the configuration", sealedSecret: "s" });
      expect(await identities.removeAccount("id of amy")).to.equal(true);
      expect(await identities.removeAccount("id of amy")).to.equal(false);
      expect((await identities.keys()).map(({ accessKeyId }) => accessKeyId)).to.deep.equal(["K2"]);
    });

    it("keeps keys with limits and policies, and takes no second one of an id", async () => {
      const { identities } = on.catalog;
      const limits = { buckets: ["a*"], prefixes: ["x/"], permission: "read", expiresAt: 5 } as const;
      const key = { accessKeyId: "K", account: "amy", sealedSecret: "s", limits, policy: "{}" };
      expect(await identities.addKey(key)).to.equal(true);
      expect(await identities.addKey({ ...key, sealedSecret: "another" })).to.equal(false);
      expect(await identities.key("K")).to.deep.equal({ ...key, createdAt: on.clock.time });
      expect(await identities.removeKey("K")).to.equal(true);
      expect(await identities.removeKey("K")).to.equal(false);
      expect(await identities.key("K")).to.equal(undefined);
    });
  });
}
