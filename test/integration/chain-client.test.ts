import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type Spec, SPECS } from "../../src/devnet/chain/cess-types.js";
import { startDevChain } from "../../src/devnet/chain/dev-chain.js";
import { signerFromMnemonic } from "../../src/network/chain/accounts.js";
import { CessChain } from "../../src/network/chain/chain-client.js";
import { ChainSession } from "../../src/network/chain/chain-session.js";
import { NodeReporter } from "../../src/network/chain/node-reporter.js";
import { Provisioning } from "../../src/network/chain/provisioning.js";
import { type ChainFixture, describeChain, rejection } from "../suites/chain.js";

const TOKEN = 10n ** 18n;
const NODES = 14;
const GIB = 8;
const TERRITORY = "0x61 is no hex here";

interface DevFixture extends ChainFixture {
  readonly nodes: readonly NodeReporter[];
  readonly provisioning: Provisioning;
}

async function openDevChain(spec: Spec): Promise<DevFixture> {
  const folder = await mkdtemp(join(tmpdir(), "chain-client-"));
  const [gateway, owner, stranger] = await Promise.all(["//Gateway", "//Owner", "//Stranger"].map(signerFromMnemonic));
  const miners = await Promise.all(Array.from({ length: NODES }, (_, n) => signerFromMnemonic(`//Node${n}`)));
  const everyone = [gateway!, owner!, stranger!, ...miners];
  const balances = Object.fromEntries(everyone.map(({ account }) => [account, 1_000_000n * TOKEN]));
  const devChain = await startDevChain({}, { folder, port: 0, blockMs: 100, spec, genesis: { balances } });
  const session = new ChainSession({ endpoints: [devChain.endpoint] });
  const chain = new CessChain({ session, signer: gateway! });
  const provisioning = new Provisioning({ session, owner: owner! });
  const nodes = miners.map((signer) => new NodeReporter({ session, signer }));
  const registering = nodes.map((node, n) => node.register({ endpoint: `http://127.0.0.1:${9100 + n}`, spaceTib: 1 }));
  await Promise.all([...registering, provisioning.authorize(gateway!.account)]);
  await provisioning.territory({ name: TERRITORY, sizeGib: GIB, days: 30 });
  return {
    chain,
    owner: owner!.account,
    territory: TERRITORY,
    territoryGib: GIB,
    stranger: stranger!.account,
    nodes,
    provisioning,
    async close() {
      for (const client of [chain, provisioning, ...nodes]) await client.close();
      await session.close();
      await devChain.close();
      await rm(folder, { recursive: true });
    },
  };
}

for (const spec of SPECS) {
  describeChain(`CessChain over the dev chain in the shapes of spec ${spec}`, () => openDevChain(spec));

  describe(`A storage node and an owner over the dev chain in the shapes of spec ${spec}`, () => {
    let fixture: DevFixture;
    before(async () => (fixture = await openDevChain(spec)));
    after(() => fixture.close());

    it("change the node's endpoint, in 38 bytes or 100 as the runtime has it", async () => {
      const node = fixture.nodes[0]!;
      await node.updateEndpoint("node.example:15001");
      expect((await node.state())?.endpoint).to.equal("http://node.example:15001");
      const long = `https://${"a".repeat(60)}.example`;
      if (spec === 100) {
        expect(await rejection(node.updateEndpoint(long))).to.be.instanceOf(RangeError);
      } else {
        await node.updateEndpoint(long);
        expect((await node.state())?.endpoint).to.equal(long);
        expect(await rejection(node.updateEndpoint(`${long}${"a".repeat(40)}`))).to.be.instanceOf(RangeError);
      }
    });

    it("cannot register a node twice", async () => {
      const error = await rejection(fixture.nodes[0]!.register({ endpoint: "http://127.0.0.1:1", spaceTib: 1 }));
      expect(error.message).to.match(/sminer\.AlreadyRegistered/);
    });

    it("provision once, however often it is asked for", async () => {
      const before = await fixture.chain.territory(fixture.owner, TERRITORY);
      const again = await fixture.provisioning.territory({ name: TERRITORY, sizeGib: 99, days: 30 });
      await fixture.provisioning.authorize(fixture.chain.account);
      expect(again).to.deep.equal(before);
    });
  });
}
