import { expect } from "chai";
import { CessChain } from "../../../src/network/chain/chain-client.js";
import { signerFromMnemonic } from "../../../src/network/chain/accounts.js";
import { ChainSession } from "../../../src/network/chain/chain-session.js";
import { SPECS } from "../../../src/devnet/chain/cess-types.js";
import { account, ChainClient } from "./chain-client.js";

for (const spec of SPECS)
  describe(`The register of gateways at spec ${spec}`, () => {
    const [alice, bob] = [account("Alice"), account("Bob")];
    let client: ChainClient;
    before(async () => {
      client = await ChainClient.start(spec, { accounts: [alice, bob] });
    });
    after(() => client.close());

    it("lists each registered gateway with its address, and leaves out who gave none", async () => {
      const { oss } = client.api.tx;
      const peerId = `0x${"31".repeat(38)}`;
      expect((await client.run(alice, oss!["register"]!(peerId, "gateway.example.com:8080"))).error).to.equal(
        undefined,
      );
      expect((await client.run(bob, oss!["register"]!(peerId, "nowhere"))).error).to.equal(undefined);
      const session = new ChainSession({ endpoints: [client.devChain.endpoint] });
      const chain = new CessChain({ session, signer: await signerFromMnemonic("//Gateway") });
      try {
        expect(await chain.gateways()).to.deep.equal([
          { account: alice.address, endpoint: "http://gateway.example.com:8080" },
        ]);
      } finally {
        await chain.close();
        await session.close();
      }
    });

    it("has this gateway when it registers itself, at another address, and no longer, each step once", async () => {
      const session = new ChainSession({ endpoints: [client.devChain.endpoint] });
      const chain = new CessChain({ session, signer: await signerFromMnemonic("//Bob") });
      const { registration } = chain;
      const set = async (endpoint: string | undefined) => {
        const done = registration.set(endpoint);
        for (let over = false; !over;) {
          over = await Promise.race([done.then(() => true), new Promise<false>((next) => setTimeout(next, 20, false))]);
          client.build();
        }
        return (await done).call;
      };
      const own = async () => (await chain.gateways()).find(({ account }) => account === chain.account);
      try {
        await set(undefined);
        expect(await registration.plan(undefined)).to.deep.equal({
          registered: undefined,
          call: undefined,
          fee: undefined,
        });
        const { call, fee } = await registration.plan("https://a.example.com");
        expect(call).to.equal("register");
        expect(fee).to.be.greaterThan(0);
        expect(await set("https://a.example.com")).to.equal("register");
        expect(await own()).to.deep.equal({
          account: chain.account,
          endpoint: "https://a.example.com",
          isOwnKind: true,
        });
        expect(await set("https://a.example.com")).to.equal(undefined);
        expect(await set("https://b.example.com")).to.equal("update");
        expect((await own())?.endpoint).to.equal("https://b.example.com");
        expect(await set(undefined)).to.equal("destroy");
        expect(await own()).to.equal(undefined);
        expect(await set(undefined)).to.equal(undefined);
        const long = await registration.plan(`https://${"a".repeat(43)}`).catch((error: unknown) => error);
        expect(String(long)).to.include("more than 50 bytes");
      } finally {
        await chain.close();
        await session.close();
      }
    });
  });
