import { expect } from "chai";
import { GIB } from "../../../../src/model/sizes.js";
import type { Territory } from "../../../../src/network/chain/chain.js";
import { priceOf, type TerritoryTerms } from "../../../../src/network/chain/territory-chain.js";

const terms: TerritoryTerms = {
  perGibDay: 30n,
  orderPerGibDay: 900n,
  reactivationPerGibDay: 1n,
  reactivationGivesSpace: true,
  forSale: 0n,
  dayBlocks: 100,
  frozenBlocks: 700,
  block: 1_000,
  blockMs: 6_000,
  token: { symbol: "TCESS", decimals: 18 },
  existentialDeposit: 1n,
};
const territory = (deadline: number, gib = 4n): Territory => ({
  total: gib * BigInt(GIB),
  used: 0n,
  locked: 0n,
  remaining: 0n,
  state: "active",
  deadline,
});

describe("The price of a territory's calls", () => {
  it("is GiB times days times the price of a GiB and day", () => {
    expect(priceOf({ kind: "buy", territory: "t", gib: 10, days: 30 }, terms)).to.equal(9_000n);
    expect(priceOf({ kind: "renew", territory: "t", days: 7 }, terms, territory(0))).to.equal(840n);
  });

  it("counts a begun day of an expansion in full, and none after the end", () => {
    const expand = (deadline: number) =>
      priceOf({ kind: "expand", territory: "t", gib: 2 }, terms, territory(deadline));
    expect(expand(1_101)).to.equal(120n);
    expect(expand(1_100)).to.equal(60n);
    expect(expand(900)).to.equal(0n);
  });

  it("has a rule of its own for reactivating", () => {
    expect(priceOf({ kind: "reactivate", territory: "t", days: 30 }, terms, territory(0))).to.equal(120n);
  });

  it("is nothing for what only costs a fee, and exact for large numbers", () => {
    expect(priceOf({ kind: "authorize", operator: "cX" as never }, terms)).to.equal(0n);
    const large = { ...terms, perGibDay: 10n ** 18n };
    expect(priceOf({ kind: "buy", territory: "t", gib: 51_200, days: 3_650 }, large)).to.equal(
      186_880_000n * 10n ** 18n,
    );
  });
});
