import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type DevChain, startDevChain } from "../../src/devnet/chain/dev-chain.js";
import { type Signer, signerFromMnemonic } from "../../src/network/chain/accounts.js";
import {
  ChainRefusal,
  ChainUnavailable,
  ExtrinsicLost,
  FeesUnpaid,
  type SignedExtrinsic,
} from "../../src/network/chain/chain.js";
import { ChainSession } from "../../src/network/chain/chain-session.js";
import { call } from "../../src/network/chain/extrinsics.js";
import type { FinalizedBlock } from "../../src/network/chain/finalized-blocks.js";
import { Submitter, type SubmitterSettings } from "../../src/network/chain/submitter.js";
import { rejection } from "../suites/chain.js";
import { eventually } from "../support/eventually.js";
import { Relay } from "../support/relay.js";
import { freshAccount, QUICK, TOKEN, tokensOf, transfer } from "../support/token-transfers.js";

describe("The submitter", () => {
  let folder: string;
  let devChain: DevChain;
  let relay: Relay;
  let session: ChainSession;
  let rich: Signer;
  let submitters: Submitter[];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "chain-submitter-"));
    rich = await signerFromMnemonic("//Rich");
    const genesis = { balances: { [rich.account]: 1_000_000n * TOKEN } };
    devChain = await startDevChain({}, { folder, port: 0, blockMs: 100, genesis });
  });
  after(async () => {
    await devChain.close();
    await rm(folder, { recursive: true });
  });
  beforeEach(async () => {
    submitters = [];
    relay = await new Relay(devChain.endpoint).open();
    session = new ChainSession({ ...QUICK, endpoints: [relay.endpoint] });
    await session.ready();
  });
  afterEach(async () => {
    devChain.faults.holdFinality(false);
    devChain.faults.stallBlocks(false);
    for (const submitter of submitters) submitter.close();
    await session.close();
    await relay.close();
  });

  const submitter = (settings: Partial<SubmitterSettings> = {}, signer = rich, over = session) => {
    const made = new Submitter({ signer, connection: over.connection, blocks: over.blocks }, settings);
    submitters.push(made);
    return made;
  };
  /** Waits until there are so many blocks more. */
  const blocks = (count: number) => {
    const end = devChain.chain.best.number + count;
    return eventually(`there are ${count} more blocks`, () => devChain.chain.best.number >= end);
  };
  const tokens = (account: string) => tokensOf(session, account);

  it("resolves once the extrinsic is final, and its work is done", async () => {
    const to = freshAccount();
    await submitter().submit(transfer(to, 3n * TOKEN));
    expect(await tokens(to)).to.equal(3);
  });

  it("names what a pallet refuses, and errors that are no pallet's", async () => {
    const one = submitter();
    const tooMuch = await rejection(one.submit(transfer(freshAccount(), 10_000_000n * TOKEN)));
    expect(tooMuch).to.be.instanceOf(ChainRefusal);
    expect(tooMuch).to.include({ section: "token", reason: "FundsUnavailable" });
    const tooShort = await rejection(
      one.submit((api) => call(api, "storageHandler", "mintTerritory", [1, "short", 29])),
    );
    expect(tooShort).to.be.instanceOf(ChainRefusal);
    expect(tooShort).to.include({ section: "storageHandler", reason: "BoundariesNotMet" });
  });

  it("says so when the runtime lacks the call, and uses no nonce for it", async () => {
    const one = submitter();
    const error = await rejection(one.submit((api) => call(api, "fileBank", "noSuchCall", [])));
    expect(error)
      .to.be.instanceOf(ChainUnavailable)
      .with.property("message", "this runtime has no call fileBank.noSuchCall");
    await one.submit(transfer(freshAccount()));
  });

  it("says that an account cannot pay the fee", async () => {
    const poor = await signerFromMnemonic("//Poor");
    const error = await rejection(submitter({}, poor).submit(transfer(freshAccount())));
    expect(error).to.be.instanceOf(FeesUnpaid);
    expect(error.message)
      .to.contain(poor.account)
      .and.match(/too few tokens/);
  });

  it("keeps no more extrinsics under way than it may, and refuses when too many wait", async () => {
    const one = submitter({ maxInFlight: 2, maxWaiting: 3 });
    let signed = 0;
    devChain.faults.holdFinality(true);
    const onSigned = () => {
      signed++;
      return Promise.resolve();
    };
    const waiting = Array.from({ length: 5 }, () => one.submit(transfer(freshAccount()), { onSigned }));
    await eventually("as many are signed as may be", () => signed === 2);
    await blocks(5);
    expect(signed).to.equal(2);
    expect((await rejection(one.submit(transfer(freshAccount())))).message).to.match(/wait to be signed/);
    devChain.faults.holdFinality(false);
    await Promise.all(waiting);
    expect(signed).to.equal(5);
  });

  it("finds its extrinsic after the connection broke before it was sent, and it is done once", async () => {
    const to = freshAccount();
    const onSigned = () => {
      relay.cut();
      return Promise.resolve();
    };
    await submitter().submit(transfer(to), { onSigned });
    expect(await tokens(to)).to.equal(1);
  });

  it("finds its extrinsic after the node took it and the answer was lost, and it is done once", async () => {
    const to = freshAccount();
    const onSigned = () => {
      relay.deaf = true;
      setTimeout(() => {
        relay.deaf = false;
        relay.cut();
      }, 500);
      return Promise.resolve();
    };
    await submitter().submit(transfer(to), { onSigned });
    expect(await tokens(to)).to.equal(1);
  });

  it("finds its extrinsics after a long absence, also in blocks too old for the listeners", async () => {
    const far = new ChainSession({ ...QUICK, endpoints: [relay.endpoint], maxCatchUpBlocks: 3 });
    await far.ready();
    try {
      const gaps: unknown[] = [];
      const seen: number[] = [];
      far.blocks.watch({
        onBlock: (block) => Promise.resolve(void seen.push(block.number)),
        onGap: (missed) => Promise.resolve(void gaps.push(missed)),
      });
      const one = submitter({}, rich, far);
      devChain.faults.holdFinality(true);
      const [to, other] = [freshAccount(), freshAccount()];
      const waiting = [one.submit(transfer(to)), one.submit(transfer(other))];
      await blocks(15);
      devChain.faults.holdFinality(false);
      await Promise.all(waiting);
      expect([await tokens(to), await tokens(other)]).to.deep.equal([1, 1]);
      expect(gaps.filter((missed) => missed !== undefined)).to.have.length.greaterThan(0);
    } finally {
      await far.close();
    }
  });

  it("loses an extrinsic that no block takes once its era is over, and the next one goes through", async () => {
    const one = submitter({ eraBlocks: 8 });
    const to = freshAccount();
    let signed: SignedExtrinsic | undefined;
    devChain.faults.ignoreExtrinsics(1);
    const error = await rejection(
      one.submit(transfer(to), { onSigned: (extrinsic) => Promise.resolve(void (signed = extrinsic)) }),
    );
    expect(error).to.be.instanceOf(ExtrinsicLost);
    expect(error.message).to.match(/era ended/);
    expect(await one.settled(signed!)).to.equal(true);
    await one.submit(transfer(to));
    expect(await tokens(to)).to.equal(1);
  });

  it("serves one account from two processes that know nothing of each other", async () => {
    const other = new ChainSession({ ...QUICK, endpoints: [devChain.endpoint] });
    try {
      const [one, two] = [submitter(), submitter({}, rich, other)];
      const accounts = Array.from({ length: 12 }, freshAccount);
      const attempt = async (by: Submitter, to: string): Promise<void> => {
        // Both may sign the same nonce: one is refused and signs again, or loses for certain and may be repeated.
        try {
          await by.submit(transfer(to));
        } catch (error) {
          if (!(error instanceof ExtrinsicLost)) throw error;
          await attempt(by, to);
        }
      };
      await Promise.all(accounts.map((to, n) => attempt(n % 2 === 0 ? one : two, to)));
      expect(await Promise.all(accounts.map(tokens))).to.deep.equal(accounts.map(() => 1));
    } finally {
      await other.close();
    }
  });

  it("stops waiting when the signal aborts, though the extrinsic goes on", async () => {
    const to = freshAccount();
    const reason = new Error("the client is gone");
    const stop = new AbortController();
    const one = submitter();
    devChain.faults.holdFinality(true);
    const waiting = rejection(one.submit(transfer(to), { signal: stop.signal, onSigned: () => Promise.resolve() }));
    await eventually("a block has it", async () => (await tokens(to)) === 1);
    stop.abort(reason);
    expect(await waiting).to.equal(reason);
    devChain.faults.holdFinality(false);
    await one.submit(transfer(freshAccount()));
    expect(await tokens(to)).to.equal(1);
  });

  it("gives up with ChainUnavailable when no block becomes final for too long", async () => {
    devChain.faults.holdFinality(true);
    const error = await rejection(submitter({ finalityTimeoutMs: 500 }).submit(transfer(freshAccount())));
    expect(error).to.be.instanceOf(ChainUnavailable);
    expect(error.message).to.match(/no block was finalized.*until block \d+/);
  });

  it("rejects what waits with ChainUnavailable when it is closed", async () => {
    const one = submitter({ maxInFlight: 1 });
    devChain.faults.holdFinality(true);
    const waiting = [rejection(one.submit(transfer(freshAccount()))), rejection(one.submit(transfer(freshAccount())))];
    await new Promise((resolve) => setTimeout(resolve, 300));
    one.close();
    for (const error of await Promise.all(waiting)) expect(error).to.be.instanceOf(ChainUnavailable);
  });

  describe("Finalized blocks", () => {
    const watchNumbers = () => {
      const told: (number | "gap")[] = [];
      const stop = session.blocks.watch({
        onBlock: (block: FinalizedBlock) => Promise.resolve(void told.push(block.number)),
        onGap: () => Promise.resolve(void told.push("gap")),
      });
      return { told, stop };
    };
    const numbersOf = (told: readonly (number | "gap")[]) => told.filter((entry) => entry !== "gap");

    it("are told one by one, also those that became final together", async () => {
      const { told, stop } = watchNumbers();
      devChain.faults.holdFinality(true);
      await blocks(7);
      devChain.faults.holdFinality(false);
      await submitter().submit(transfer(freshAccount()));
      stop();
      const numbers = numbersOf(told);
      expect(numbers.length).to.be.greaterThan(5);
      expect(numbers).to.deep.equal(numbers.map((_, n) => numbers[0]! + n));
    });

    it("are told without a hole after the connection broke, after a gap that says so", async () => {
      const { told, stop } = watchNumbers();
      await submitter().submit(transfer(freshAccount()));
      const before = told.length;
      relay.cut();
      await new Promise((resolve) => setTimeout(resolve, 500));
      await submitter().submit(transfer(freshAccount()));
      stop();
      expect(told.slice(before)).to.contain("gap");
      const numbers = [...new Set(numbersOf(told))];
      expect(numbers).to.deep.equal(numbers.map((_, n) => numbers[0]! + n));
    });
  });
});
