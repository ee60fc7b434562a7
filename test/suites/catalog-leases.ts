import { expect } from "chai";
import { LEASE_EVENT } from "../../src/model/lease.js";
import { CatalogFixture, type OpenCatalog } from "./catalog-fixture.js";

const HOOK = "operators";

/** What a catalog keeps of territories that end. */
export function leasesContract(open: OpenCatalog): void {
  describe("Leases", () => {
    const on = CatalogFixture.forEach(open);
    const notice = (days: number, deadline = 100) => ({ cessAccount: "cX", territory: "photos", deadline, days });
    const event = (days: number) =>
      ({
        event: LEASE_EVENT,
        account: "alice",
        cessAccount: "cX",
        territory: "photos",
        state: "active",
        days,
        endsAt: 5,
      }) as const;

    it("records each notice of an end once, with its event in the same transaction", async () => {
      const { leases, events } = on.catalog;
      const tell = (days: number, deadline?: number) =>
        leases.notice(notice(days, deadline), { webhook: HOOK, event: event(days) });
      expect(await tell(30)).to.equal(true);
      expect(await tell(30)).to.equal(false);
      expect(await tell(7)).to.equal(true);
      expect(await tell(30), "more days than were told").to.equal(false);
      expect(await tell(30, 200), "another end").to.equal(true);
      const waiting = await events.first(HOOK, 10);
      expect(waiting.map((each) => "days" in each && each.days)).to.deep.equal([30, 7, 30]);
      expect(waiting[0]).to.include(event(30));
    });

    it("tells of territories of the same name apart", async () => {
      const { leases } = on.catalog;
      expect(await leases.notice(notice(7))).to.equal(true);
      expect(await leases.notice({ ...notice(7), cessAccount: "cY" })).to.equal(true);
    });

    it("counts a planned purchase as spent until it is dropped", async () => {
      const { leases } = on.catalog;
      const purchase = {
        kind: "renew",
        cessAccount: "cX",
        territory: "photos",
        amount: 10n ** 30n,
        before: 7n,
      } as const;
      const id = await leases.planSpend(purchase);
      const at = on.clock.now();
      expect(await leases.spends(at)).to.deep.equal([{ ...purchase, id, at, ended: false }]);
      await leases.signSpend(id, { nonce: 3, untilBlock: 9 });
      expect((await leases.spends(at))[0]?.signed).to.deep.equal({ nonce: 3, untilBlock: 9 });
      await leases.endSpend(id, 12n);
      expect(await leases.spends(at)).to.deep.equal([
        { ...purchase, id, at, amount: 12n, signed: { nonce: 3, untilBlock: 9 }, ended: true },
      ]);
      await leases.dropSpend(id);
      expect(await leases.spends(at)).to.deep.equal([]);
    });

    it("lists old purchases only while their outcome is not known", async () => {
      const { leases } = on.catalog;
      const purchase = { kind: "expand", cessAccount: "cX", territory: "t", amount: 1n, before: 0n } as const;
      const open = await leases.planSpend(purchase);
      const ended = await leases.planSpend(purchase);
      await leases.endSpend(ended, 1n);
      expect((await leases.spends(on.clock.now() + 1)).map(({ id }) => id)).to.deep.equal([open]);
    });
  });
}
