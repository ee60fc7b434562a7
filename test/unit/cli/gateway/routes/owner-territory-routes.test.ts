import { expect } from "chai";
import { ownerTerritoryRoutes } from "../../../../../src/cli/gateway/routes/territory-routes.js";
import type { Account, CessAccount } from "../../../../../src/model/account.js";
import { parseAccount } from "../../../../../src/network/chain/address.js";

const ALICE = parseAccount("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY");
const BOB = parseAccount("5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty");

describe("Owners' requests for territory", () => {
  const routes = ownerTerritoryRoutes({ session: {} as never, chain: { account: ALICE } });
  const account: Account = { id: "a", displayName: "alice", cessAccount: ALICE, territory: "t" };
  const run = (path: string, query: string, body?: unknown) =>
    routes.find((each) => each.path === path)?.run(account, new URLSearchParams(query), body);
  const reason = (work: Promise<unknown> | undefined) => work?.then(String, (error: unknown) => String(error));

  it("name no account", async () => {
    for (const path of ["/territory/account", "/territory/quote"])
      expect(await reason(run(path, `account=${BOB}&kind=renew&territory=t&days=1`)), path).to.match(
        /: account: it is the access key's own/,
      );
  });

  it("pass on no call that another account has signed, in whatever form its address is", async () => {
    const payload = (address: string) => ({ address, method: "0x", era: "0x", blockNumber: "0x", genesisHash: "0x" });
    const body = (address: string) => ({
      payload: { ...payload(address), version: 4 },
      signature: `0x01${"00".repeat(64)}`,
    });
    for (const address of [BOB, "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty" as CessAccount])
      expect(await reason(run("/territory/calls", "", body(address)))).to.match(/: payload.address: only calls of c/);
    // The own one gets as far as the chain, which this one has not.
    expect(
      await reason(run("/territory/calls", "", body("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"))),
    ).to.match(/undefined/);
    expect(await reason(run("/territory/calls", "", body("nonsense")))).to.match(/nonsense/);
  });
});
