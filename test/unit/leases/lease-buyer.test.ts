import { expect } from "chai";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AuditRecord } from "../../../src/admin/audit-log.js";
import { openSqliteCatalog } from "../../../src/catalog/sqlite/sqlite-catalog.js";
import { LeaseBuyer, type LeaseBuyerSettings, type LeaseChain } from "../../../src/leases/lease-buyer.js";
import type { Lease } from "../../../src/leases/lease.js";
import type { CessAccount } from "../../../src/model/account.js";
import { GIB } from "../../../src/model/sizes.js";
import {
  ChainRefusal,
  ChainUnavailable,
  type SubmitOptions,
  type Territory,
} from "../../../src/network/chain/chain.js";
import { priceOf, type OwnerCall, type TerritoryTerms } from "../../../src/network/chain/territory-chain.js";
import { CatalogFixture } from "../../suites/catalog-fixture.js";
import { testKeys } from "../../support/test-keys.js";

const DAY_MS = 86_400_000;
const TOKEN = 10n ** 18n;
const OWNER = "cXowner" as CessAccount;

const terms: TerritoryTerms = {
  perGibDay: TOKEN / 10n,
  orderPerGibDay: TOKEN / 10n,
  reactivationPerGibDay: TOKEN / 300n,
  reactivationGivesSpace: true,
  forSale: 10n ** 15n,
  dayBlocks: 14_400,
  frozenBlocks: 100_800,
  block: 1_000_000,
  blockMs: 6_000,
  token: { symbol: "TCESS", decimals: 18 },
  existentialDeposit: TOKEN,
};

/** One territory on a chain that does what it is asked, or fails as it is told. */
class OneTerritory implements LeaseChain {
  readonly account = OWNER;
  readonly calls: OwnerCall[] = [];
  free = 1_000n * TOKEN;
  failure: Error | undefined;
  /** Whether the call happens although its outcome is not seen. */
  happens = true;
  isSettled = true;
  found: Territory;

  constructor(days: number, gib = 10n) {
    const total = gib * BigInt(GIB);
    const deadline = terms.block + days * terms.dayBlocks;
    this.found = { total, used: 0n, locked: 0n, remaining: total, state: "active", deadline };
  }

  terms = () => Promise.resolve(terms);
  balance = () => Promise.resolve({ free: this.free, reserved: 0n, frozen: 0n });
  territory = () => Promise.resolve<Territory | undefined>(this.found);
  settled = () => Promise.resolve(this.isSettled);

  async submit(call: OwnerCall, { onSigned }: SubmitOptions): Promise<bigint> {
    this.calls.push(call);
    const price = priceOf(call, terms, this.found);
    await onSigned?.({ nonce: 1, untilBlock: 5 });
    if (this.happens) this.found = after(call, this.found);
    if (this.failure) throw this.failure;
    return price;
  }
}

function after(call: OwnerCall, found: Territory): Territory {
  if (call.kind === "renew")
    return { ...found, state: "active", deadline: found.deadline + call.days * terms.dayBlocks };
  if (call.kind !== "expand") return found;
  const space = BigInt(call.gib) * BigInt(GIB);
  return { ...found, total: found.total + space, remaining: found.remaining + space };
}

describe("Renewals and expansions by the gateway", () => {
  const on = CatalogFixture.forEach(async (clock) => {
    const folder = await mkdtemp(join(tmpdir(), "lease-buyer-"));
    const catalog = await openSqliteCatalog({ clock, sealer: testKeys }, { path: join(folder, "catalog.db") });
    return { catalog, end: () => catalog.close().then(() => rm(folder, { recursive: true, force: true })) };
  });
  const { signal } = new AbortController();
  const audited: AuditRecord[] = [];
  beforeEach(() => audited.splice(0));

  const renewing: LeaseBuyerSettings = { renew: { beforeDays: 14, days: 30, budget: 100 } };
  const buyerOf = (chain: LeaseChain, settings: LeaseBuyerSettings) =>
    new LeaseBuyer(
      {
        catalog: on.catalog,
        chain,
        clock: on.clock,
        audit: { record: (record) => Promise.resolve(void audited.push(record)) },
        log: { info: () => undefined, warn: () => undefined },
      },
      settings,
    );
  const lease = ({ found }: OneTerritory, cessAccount = OWNER): Lease => ({
    ...found,
    owner: "a",
    account: "alice",
    cessAccount,
    name: "photos",
    endsAt: on.clock.now() + (found.deadline - terms.block) * terms.blockMs,
  });
  const open = async () => (await on.catalog.leases.spends(0)).filter(({ ended }) => !ended);

  it("renew a territory of the signing account shortly before its end, once", async () => {
    const chain = new OneTerritory(13);
    const buyer = buyerOf(chain, renewing);
    const old = lease(chain);
    await buyer.look(old, signal);
    // The reading is older than the purchase.
    await buyer.look(old, signal);
    expect(chain.calls).to.deep.equal([{ kind: "renew", territory: "photos", days: 30 }]);
    expect(buyer.spent.renew).to.equal(30);
    expect(audited.map(({ act, result }) => [act, result])).to.deep.equal([["renew territory", "done"]]);
    expect(buyer.problems()).to.deep.equal([]);
  });

  it("leave alone what ends later, and what belongs to another account", async () => {
    const late = new OneTerritory(15);
    await buyerOf(late, renewing).look(lease(late), signal);
    const foreign = new OneTerritory(1);
    await buyerOf(foreign, renewing).look(lease(foreign, "cXother" as CessAccount), signal);
    expect([...late.calls, ...foreign.calls]).to.deep.equal([]);
  });

  it("expand a territory that has little space left", async () => {
    const chain = new OneTerritory(60);
    chain.found = { ...chain.found, remaining: BigInt(GIB) / 4n };
    const settings = { expand: { belowPercent: 5, gib: 10, budget: 100 } };
    await buyerOf(chain, settings).look(lease(chain), signal);
    await buyerOf(chain, settings).look(lease(chain), signal);
    expect(chain.calls).to.deep.equal([{ kind: "expand", territory: "photos", gib: 10 }]);
    expect((await on.catalog.leases.spends(0))[0]).to.include({ kind: "expand", amount: 60n * TOKEN, ended: true });
  });

  it("keep within the budget of 30 days, also after a restart, and go on when it is free again", async () => {
    const chain = new OneTerritory(1);
    const settings = { renew: { beforeDays: 40, days: 30, budget: 40 } };
    await buyerOf(chain, settings).look(lease(chain), signal);
    const next = buyerOf(chain, settings);
    await next.look(lease(chain), signal);
    expect(chain.calls).to.have.length(1);
    expect(next.problems()[0]).to.contain("leases.renew.budget").and.contain("30 TCESS are spent");
    on.clock.time += 31 * DAY_MS;
    await next.look(lease(chain), signal);
    expect(chain.calls).to.have.length(2);
    expect(next.problems()).to.deep.equal([]);
  });

  it("are not tried with too few tokens, and a refusal is not repeated at once", async () => {
    const chain = new OneTerritory(1);
    chain.free = 31n * TOKEN;
    const buyer = buyerOf(chain, renewing);
    await buyer.look(lease(chain), signal);
    expect(chain.calls).to.deep.equal([]);
    expect(buyer.problems()[0]).to.contain("the signing account has 31 TCESS");
    chain.free = 1_000n * TOKEN;
    chain.failure = new ChainRefusal("storageHandler", "StateError");
    chain.happens = false;
    on.clock.time += 3_600_001;
    await buyer.look(lease(chain), signal);
    await buyer.look(lease(chain), signal);
    expect(chain.calls).to.have.length(1);
    expect(await on.catalog.leases.spends(0)).to.deep.equal([]);
    expect(audited.at(-1)?.result).to.contain("refused");
  });

  for (const happens of [true, false])
    it(`are settled by the next process when the chain was lost, and ${happens ? "counted" : "taken back"}`, async () => {
      const chain = new OneTerritory(1);
      chain.failure = new ChainUnavailable("away");
      chain.happens = happens;
      let failed: unknown;
      await buyerOf(chain, renewing)
        .look(lease(chain), signal)
        .catch((error: unknown) => (failed = error));
      expect(failed).to.equal(chain.failure);
      expect(await open()).to.have.length(1);
      chain.failure = undefined;
      chain.isSettled = false;
      const next = buyerOf(chain, renewing);
      await next.settle();
      if (!happens) await next.look(lease(chain), signal);
      expect(chain.calls, "nothing is signed while the first may still happen").to.have.length(1);
      chain.isSettled = true;
      await next.settle();
      expect(await open()).to.deep.equal([]);
      expect(await on.catalog.leases.spends(0)).to.have.length(happens ? 1 : 0);
    });

  it("forget a purchase that was planned and never signed", async () => {
    const chain = new OneTerritory(60);
    await on.catalog.leases.planSpend({
      kind: "renew",
      cessAccount: OWNER,
      territory: "photos",
      amount: TOKEN,
      before: 0n,
    });
    await buyerOf(chain, renewing).settle();
    expect(await on.catalog.leases.spends(0)).to.deep.equal([]);
  });
});
