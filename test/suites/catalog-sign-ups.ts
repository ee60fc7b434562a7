import { expect } from "chai";
import type { CessAccount } from "../../src/model/account.js";
import { CatalogFixture, type OpenCatalog } from "./catalog-fixture.js";

const HOUR_MS = 3_600_000;

export function signUpsContract(open: OpenCatalog): void {
  describe("sign-ups", () => {
    const on = CatalogFixture.forEach(open);
    const [anna, bert, carl] = ["cAnna", "cBert", "cCarl"] as unknown as [CessAccount, CessAccount, CessAccount];

    it("takes a challenge once, however many ask at the same time", async () => {
      const { signUps } = on.catalog;
      const end = on.clock.time + 1000;
      const taken = await Promise.all(Array.from({ length: 10 }, () => signUps.useChallenge("nonce", end)));
      expect(taken.filter(Boolean)).to.have.length(1);
      expect(await signUps.useChallenge("other", end)).to.equal(true);
    });

    it("remembers a used challenge for a day after its end", async () => {
      const { signUps } = on.catalog;
      const end = on.clock.time + 1000;
      await signUps.useChallenge("nonce", end);
      on.clock.time = end + 23 * HOUR_MS;
      expect(await signUps.useChallenge("nonce", end)).to.equal(false);
      on.clock.time = end + 25 * HOUR_MS;
      await signUps.useChallenge("another", on.clock.time);
      expect(await signUps.useChallenge("nonce", end)).to.equal(true);
    });

    it("pays for authorizations within a budget of all, and of each account", async () => {
      const pay = (account: CessAccount) =>
        on.catalog.signUps.payAuthorization(account, {
          since: on.clock.time - 24 * HOUR_MS,
          all: 3,
          perAccount: 2,
        });
      expect([await pay(anna), await pay(anna), await pay(anna)]).to.deep.equal([true, true, false]);
      on.clock.time += HOUR_MS;
      expect([await pay(bert), await pay(carl)]).to.deep.equal([true, false]);
      await on.catalog.signUps.returnAuthorization(bert);
      await on.catalog.signUps.returnAuthorization(carl);
      expect([await pay(anna), await pay(carl), await pay(bert)]).to.deep.equal([false, true, false]);
      on.clock.time += 23.5 * HOUR_MS;
      expect([await pay(carl), await pay(anna), await pay(bert)]).to.deep.equal([true, true, false]);
    });
  });
}
