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
  });
