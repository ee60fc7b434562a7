import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { SPECS } from "../../src/devnet/chain/cess-types.js";
import { type DevChain, startDevChain } from "../../src/devnet/chain/dev-chain.js";
import { type Signer, signerFromMnemonic } from "../../src/network/chain/accounts.js";
import { fits, limits, supportsForceBatch } from "../../src/network/chain/batch-limits.js";
import { CallBatcher } from "../../src/network/chain/call-batcher.js";
import { ChainRefusal, ChainUnavailable, ExtrinsicLost, type SignedExtrinsic } from "../../src/network/chain/chain.js";
import { CessChain } from "../../src/network/chain/chain-client.js";
import { ChainSession } from "../../src/network/chain/chain-session.js";
import { call } from "../../src/network/chain/extrinsics.js";
import { NodeReporter } from "../../src/network/chain/node-reporter.js";
import { Provisioning } from "../../src/network/chain/provisioning.js";
import { type BuildExtrinsic, Submitter } from "../../src/network/chain/submitter.js";
import { freshOrder, rejection } from "../suites/chain.js";

const TOKEN = 10n ** 18n;
const territory = "batched";

for (const spec of SPECS) {
  describe(`Orders that travel together, spec ${spec}`, () => {
    let folder: string;
    let devChain: DevChain;
    let session: ChainSession;
    let chain: CessChain;
    let gateway: Signer;
    let owner: Signer["account"];
    let begun: number;

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "call-batcher-"));
      const owning = await signerFromMnemonic("//Owner");
      gateway = await signerFromMnemonic("//Gateway");
      owner = owning.account;
      const miner = await signerFromMnemonic("//Node");
      const balances = {
        [miner.account]: 1_000_000n * TOKEN,
        [owner]: 1_000_000n * TOKEN,
        [gateway.account]: 1_000_000n * TOKEN,
      };
      devChain = await startDevChain({}, { folder, port: 0, blockMs: 100, spec, genesis: { balances } });
      session = new ChainSession({ endpoints: [devChain.endpoint] });
      chain = new CessChain({ session, signer: gateway });
      const node = new NodeReporter({ session, signer: miner });
      await node.register({ endpoint: "http://127.0.0.1:9100", spaceTib: 1 });
      await node.close();
      const provisioning = new Provisioning({ session, owner: owning });
      await provisioning.authorize(gateway.account);
      // Room for ten orders of one segment: "1 GiB holds ten segments, the eleventh is InsufficientAvailableSpace".
      await provisioning.territory({ name: territory, sizeGib: 1, days: 30 });
      provisioning.close();
    });
    const nonce = async () =>
      Number(await session.connection.call((link) => link.send("system_accountNextIndex", [gateway.account])));
    /** Of the gateway, since the test began. */
    const extrinsics = async () => (await nonce()) - begun;
    beforeEach(async () => {
      begun = await nonce();
    });
    after(async () => {
      await chain.close();
      await session.close();
      await devChain.close();
      await rm(folder, { recursive: true });
    });

    const order = () => freshOrder({ owner, territory });

    it("are one extrinsic, and every order's file is told what was signed before it left", async () => {
      const orders = Array.from({ length: 5 }, order);
      const signed: SignedExtrinsic[] = [];
      await Promise.all(
        orders.map((one) => chain.declare(one, { onSigned: (what) => Promise.resolve(void signed.push(what)) })),
      );
      expect(await extrinsics()).to.equal(1);
      expect(new Set(signed.map(({ nonce }) => nonce)).size).to.equal(1);
      expect(signed).to.have.length(5);
      for (const { fid } of orders) expect((await chain.deal(fid, "finalized"))?.owner).to.equal(owner);
      expect(await Promise.all(signed.map((what) => chain.settled(what)))).to.deep.equal(Array(5).fill(true));
    });

    it("do not fail for a neighbour that is refused, and each hears its own reason", async () => {
      const good = [order(), order()];
      const nowhere = { ...order(), territory: "nowhere" };
      const foreign = { ...order(), owner: gateway.account };
      const outcomes = await Promise.allSettled(
        [good[0]!, nowhere, good[1]!, foreign].map((one) => chain.declare(one, {})),
      );
      expect(await extrinsics()).to.equal(1);
      expect(outcomes.map(({ status }) => status)).to.deep.equal(["fulfilled", "rejected", "fulfilled", "rejected"]);
      const reasons = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [String(outcome.reason)] : []));
      expect(reasons[0]).to.include("storageHandler.NotHaveTerritory");
      expect(reasons.every((text) => text.startsWith("ChainRefusal") || text.includes("the chain refused"))).to.equal(
        true,
      );
      for (const { fid } of good) expect(await chain.deal(fid)).not.to.equal(undefined);
      for (const { fid } of [nowhere, foreign]) expect(await chain.deal(fid)).to.equal(undefined);
    });

    it("hold together no more than the territory: those that came too late are refused, the others stand", async () => {
      // Seven are there; the tenth is the last.
      const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => chain.declare(order(), {})));
      expect(outcomes.filter(({ status }) => status === "fulfilled")).to.have.length(3);
      const refused = outcomes.flatMap((outcome) =>
        outcome.status === "rejected" ? [outcome.reason as ChainRefusal] : [],
      );
      expect(refused.map(({ reason }) => reason)).to.deep.equal([
        "InsufficientAvailableSpace",
        "InsufficientAvailableSpace",
      ]);
    });

    it("travel with deletions, whose success proves nothing there either", async () => {
      const stranger = freshOrder({ owner, territory });
      const outcomes = await Promise.allSettled([
        chain.deleteFile(owner, stranger.fid, {}),
        chain.declare({ ...order(), territory: "nowhere" }, {}),
      ]);
      expect(
        outcomes.map((outcome) => (outcome.status === "rejected" ? (outcome.reason as ChainRefusal).reason : "done")),
      ).to.deep.equal(["NonExistent", "NotHaveTerritory"]);
      expect(await extrinsics()).to.equal(1);
    });

    it("are alone when they come alone", async () => {
      const [deep] = await Promise.allSettled([chain.declare({ ...order(), territory: "nowhere" }, {})]);
      expect(deep.status).to.equal("rejected");
      expect(await extrinsics()).to.equal(1);
    });

    it("are not signed for whoever left before", async () => {
      const gone = new AbortController();
      const told: string[] = [];
      const left = { ...order(), territory: "nowhere" };
      const rest = [order(), order()].map((one) => ({ ...one, territory: "nowhere" }));
      const onSigned = (name: string) => () => Promise.resolve(void told.push(name));
      const all = [
        chain.declare(left, { signal: gone.signal, onSigned: onSigned("left") }),
        ...rest.map((one, n) => chain.declare(one, { onSigned: onSigned(`rest ${n}`) })),
      ].map((one) => rejection(one));
      gone.abort(new Error("left"));
      const errors = await Promise.all(all);
      expect(errors[0]?.message).to.equal("left");
      expect(errors.slice(1).every((error) => error instanceof ChainRefusal)).to.equal(true);
      expect(told.sort()).to.deep.equal(["rest 0", "rest 1"]);
    });

    it("keep the limits that the runtime's metadata names", async () => {
      const { api } = await session.connection.call((link) => Promise.resolve(link));
      expect(supportsForceBatch(api)).to.equal(true);
      const { longest } = limits(api);
      const transfer = call(api, "balances", "transferKeepAlive", [owner, 1]);
      expect(await fits(api, transfer)).to.equal(true);
      if (longest !== undefined) {
        const long = call(api, "system", "remark", [`0x${"00".repeat(Number(longest / 2n))}`]);
        expect(await fits(api, long)).to.equal(false);
      }
    });

    describe("when something is wrong with the batch itself", () => {
      let submitter: Submitter;
      let batches: number;
      beforeEach(() => {
        batches = 0;
        submitter = new Submitter({ signer: gateway, connection: session.connection, blocks: session.blocks });
      });
      afterEach(() => submitter.close());

      /** A submitter that fails every batch with this error and lets single calls through. */
      const refusing = (error: Error): Pick<Submitter, "submit"> => ({
        async submit(build: BuildExtrinsic, options) {
          const { api } = await session.connection.call((link) => Promise.resolve(link));
          if (build(api).method.section !== "utility") return submitter.submit(build, options);
          batches++;
          throw error;
        },
      });
      const remark: BuildExtrinsic = (api) => call(api, "system", "remark", ["0x00"]);
      const three = (batcher: CallBatcher) => Promise.allSettled([1, 2, 3].map(() => batcher.submit(remark)));

      it("calls are tried in smaller company, at last alone, when it was refused as a whole", async () => {
        for (const error of [
          new ChainRefusal("utility", "TooManyCalls"),
          new ExtrinsicLost("the node did not take it: exhausts the block's resources"),
        ]) {
          batches = 0;
          const batcher = new CallBatcher(
            { submitter: refusing(error), connection: session.connection },
            { gatherMs: 1 },
          );
          expect((await three(batcher)).map(({ status }) => status)).to.deep.equal([
            "fulfilled",
            "fulfilled",
            "fulfilled",
          ]);
          expect(batches).to.equal(2);
        }
      });

      it("calls are not tried again when it may still be included", async () => {
        const batcher = new CallBatcher(
          { submitter: refusing(new ChainUnavailable("no block was finalized")), connection: session.connection },
          { gatherMs: 1 },
        );
        expect((await three(batcher)).map(({ status }) => status)).to.deep.equal(["rejected", "rejected", "rejected"]);
        expect(batches).to.equal(1);
      });

      it("calls go alone where the runtime has no such batch", async () => {
        const { api } = await session.connection.call((link) => Promise.resolve(link));
        const tx = Object.fromEntries(Object.entries(api.tx).filter(([pallet]) => pallet !== "utility"));
        const bare = Object.create(api, { tx: { value: tx } }) as typeof api;
        const connection = { call: (work: (link: never) => Promise<unknown>) => work({ api: bare } as never) } as never;
        expect(supportsForceBatch(bare)).to.equal(false);
        begun = await nonce();
        const batcher = new CallBatcher({ submitter, connection }, { gatherMs: 1 });
        expect((await three(batcher)).map(({ status }) => status)).to.deep.equal([
          "fulfilled",
          "fulfilled",
          "fulfilled",
        ]);
        expect(await extrinsics()).to.equal(3);
      });

      it("calls that still wait end when the client is closed", async () => {
        const batcher = new CallBatcher({ submitter, connection: session.connection }, { gatherMs: 60_000 });
        const waiting = rejection(batcher.submit(remark));
        batcher.close();
        expect(await waiting).to.be.instanceOf(ChainUnavailable);
      });
    });
  });
}
