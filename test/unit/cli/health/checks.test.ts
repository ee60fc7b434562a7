import { expect } from "chai";
import { AuthorizationCheck } from "../../../../src/cli/health/authorization-check.js";
import { CatalogCheck } from "../../../../src/cli/health/catalog-check.js";
import { ClockCheck } from "../../../../src/cli/health/clock-check.js";
import { DiskCheck } from "../../../../src/cli/health/disk-check.js";
import type { Account, CessAccount } from "../../../../src/model/account.js";
import { MIB } from "../../../../src/model/sizes.js";
import { ManualClock, settle } from "../../../support/manual-clock.js";
import { MemoryChain } from "../../../support/memory-chain.js";

const signal = new AbortController().signal;
const MINUTE = 60_000;

describe("The check of the clock", () => {
  let clock: ManualClock;
  let blockAt: number;
  let connected: boolean;
  let check: ClockCheck;
  beforeEach(() => {
    clock = new ManualClock();
    blockAt = clock.now();
    connected = true;
    const chain = {
      get connected() {
        return connected;
      },
      blockTime: () => Promise.resolve(blockAt),
    };
    check = new ClockCheck({ clock, chain }, { blockMs: 6_000 });
  });
  /** A look, and one at the next block. */
  const look = async (aheadMs: number) => {
    for (const block of [1, 2]) {
      blockAt = clock.now() - aheadMs + block;
      await check.step();
    }
    return [check.warning() !== undefined, check.reason() !== undefined];
  };

  it("warns from five minutes on and is unready from fifteen, whichever way", async () => {
    expect(await look(4.9 * MINUTE)).to.deep.equal([false, false]);
    blockAt = 0;
    expect(await look(6 * MINUTE)).to.deep.equal([true, false]);
    expect(await look(-6 * MINUTE)).to.deep.equal([true, false]);
    expect(check.warning()).to.contain("6 minutes behind");
    expect(await look(-20 * MINUTE)).to.deep.equal([false, true]);
    expect(await look(0), "when the block is older than that seen before, it says nothing").to.deep.equal([
      false,
      false,
    ]);
  });

  it("does not believe a chain that stands still, or is away", async () => {
    blockAt = clock.now() - 3 * 60 * MINUTE;
    const next = await check.step();
    expect(next).to.deep.equal({ kind: "idle", until: clock.now() + 6_000 });
    await check.step();
    expect(check.reason()).to.equal(undefined);
    connected = false;
    blockAt++;
    await check.step();
    expect(check.reason()).to.equal(undefined);
  });
});

describe("The check of authorizations", () => {
  const account = (name: string): Account => ({
    id: name,
    displayName: name,
    cessAccount: `cX${name}` as CessAccount,
    territory: "t",
  });
  const accounts = { all: ["anna", "bert", "carl"].map(account) };

  it("is unready when no account lets the gateway act for it, and warns when some do not", async () => {
    const chain = new MemoryChain();
    const clock = new ManualClock();
    const check = new AuthorizationCheck({ chain, accounts, clock });
    const step = async () => {
      await check.step(signal);
      return [check.warning() !== undefined, check.reason() !== undefined];
    };
    expect([check.warning(), check.reason()], "nothing was read yet").to.deep.equal([undefined, undefined]);
    chain.set((state) => state.authorizers.clear());
    expect(await step()).to.deep.equal([false, true]);
    chain.set((state) => state.authorizers.add(accounts.all[0]!.cessAccount));
    expect(await step()).to.deep.equal([true, false]);
    expect(check.warning()).to.contain("accounts bert, carl have not").and.to.contain(chain.account);
    expect(check.metrics()).to.deep.equal({ anna: 1, bert: 0, carl: 0 });
    chain.connected = false;
    expect(await step(), "what was read last").to.deep.equal([true, false]);
    chain.connected = true;
    for (const { cessAccount } of accounts.all) chain.set((state) => state.authorizers.add(cessAccount));
    expect(await step()).to.deep.equal([false, false]);
  });
});

describe("The check of the catalog", () => {
  it("is unready while the catalog fails or does not answer in time, and asks one that hangs only once", async () => {
    const clock = new ManualClock();
    let beats = 0;
    const found: { fault?: string } = {};
    let beat = () => Promise.resolve();
    const heartbeat = () => {
      beats++;
      return beat();
    };
    const check = new CatalogCheck({ catalog: { heartbeat }, clock, fault: () => found.fault });
    await check.step();
    expect(check.reason()).to.equal(undefined);
    expect(clock.sleeping).to.equal(0);
    beat = () => Promise.reject(new Error("the disk failed"));
    await check.step();
    expect(check.reason()).to.contain("the disk failed");
    let answer = (): void => undefined;
    beat = () => new Promise((resolve) => (answer = resolve));
    for (let n = 0; n < 2; n++) {
      const step = check.step();
      await settle();
      await clock.advance(5_000);
      await step;
      expect(check.reason()).to.contain("within 5 s");
    }
    expect(beats).to.equal(3);
    answer();
    await settle();
    expect(check.reason()).to.equal(undefined);
    found.fault = "the catalog went back";
    expect(check.reason()).to.equal(found.fault);
  });
});

describe("The check of the disk", () => {
  it("is unready from where bodies find no room, until there is twice as much, and when it cannot measure", async () => {
    let available = 10 * MIB;
    let broken = false;
    const status = () =>
      broken
        ? Promise.reject(new Error("EIO"))
        : Promise.resolve({ free: 90 * MIB + available, reserve: 80 * MIB, inFlight: 10 * MIB, available });
    const check = new DiskCheck({ space: { status }, clock: new ManualClock() }, "/data");
    const isReady = async () => {
      await check.step();
      return check.reason() === undefined;
    };
    expect(await isReady()).to.equal(true);
    available = 10 * MIB - 1;
    expect(await isReady()).to.equal(false);
    expect(check.reason()).to.contain("/data").and.to.contain("80 MiB in reserve").and.to.contain("10 MiB of them");
    available = 19 * MIB;
    expect(await isReady()).to.equal(false);
    available = 20 * MIB;
    expect(await isReady()).to.equal(true);
    broken = true;
    expect(await isReady()).to.equal(false);
  });
});
