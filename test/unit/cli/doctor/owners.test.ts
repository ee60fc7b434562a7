import { expect } from "chai";
import { balance, owners } from "../../../../src/cli/doctor/owners.js";
import type { CessAccount } from "../../../../src/model/account.js";
import type { Territory } from "../../../../src/network/chain/chain.js";

const GATEWAY = "cGateway" as CessAccount;
const ALICE = { displayName: "alice", cessAccount: "cAlice" as CessAccount, territory: "photos" };
const GIB = 2n ** 30n;
const SOUND: Territory = {
  total: 10n * GIB,
  used: 0n,
  locked: 0n,
  remaining: 10n * GIB,
  state: "active",
  deadline: 1_000_000,
};

describe("The doctor's look at an owner", () => {
  const look = async (territory: Partial<Territory> | undefined, authorized = true) => {
    const chain = {
      account: GATEWAY,
      authorized: () => Promise.resolve(authorized),
      territory: () => Promise.resolve(territory && { ...SOUND, ...territory }),
      finalizedBlock: () => Promise.resolve(1000),
    };
    return owners(chain, [ALICE], 6000);
  };

  it("finds a territory that has ended, is for sale, or is not there", async () => {
    for (const [territory, expected] of [
      [{ state: "frozen" }, "has ended: it is frozen"],
      [{ state: "expired" }, "has ended: it is expired"],
      [{ state: "on-consignment" }, "is offered for sale"],
      [undefined, "no territory named photos"],
    ] as const) {
      const [, found] = await look(territory);
      expect(found?.level).to.equal("error");
      expect(found?.message).to.contain(expected);
      expect(found?.remedy).to.not.equal(undefined);
    }
  });

  it("warns two weeks before a territory's end by the chain's block time, and when it is full", async () => {
    const dayBlocks = 14_400;
    const at = async (days: number) => (await look({ deadline: 1000 + days * dayBlocks }))[1];
    expect((await at(15))?.level).to.equal("ok");
    expect(await at(13)).to.deep.include({ level: "warning" });
    expect((await at(1))?.message).to.contain("ends in 1 day");
    expect((await look({ remaining: 95n * 2n ** 20n }))[1]).to.deep.include({ level: "warning" });
    expect((await look({ remaining: 96n * 2n ** 20n }))[1]?.level).to.equal("ok");
  });

  it("names the account that the owner must authorize", async () => {
    const [found] = await look({}, false);
    expect(found).to.deep.include({ level: "error", check: "authorization" });
    expect(found?.remedy).to.contain("oss.authorize with cGateway");
    expect((await look({})).map(({ level }) => level)).to.deep.equal(["ok", "ok"]);
  });

  it("tells a signing account that cannot pay from one that can soon no longer", () => {
    expect(balance(GATEWAY, 0).level).to.equal("error");
    expect(balance(GATEWAY, 0.99).level).to.equal("error");
    expect(balance(GATEWAY, 9.9)).to.deep.include({ level: "warning" });
    expect(balance(GATEWAY, 10).level).to.equal("ok");
  });
});
