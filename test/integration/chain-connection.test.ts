import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type DevChain, startDevChain } from "../../src/devnet/chain/dev-chain.js";
import { ChainUnavailable } from "../../src/network/chain/chain.js";
import { JsonFileStore } from "../../src/cli/json-file-store.js";
import { Connection, type ConnectionSettings } from "../../src/network/chain/connection.js";
import { FinalizedWatermark } from "../../src/network/chain/finalized-watermark.js";
import { type Link, RpcRefusal } from "../../src/network/chain/link.js";
import { rejection } from "../suites/chain.js";
import { eventually } from "../support/eventually.js";
import { Relay } from "../support/relay.js";

const QUICK = {
  callTimeoutMs: 60_000,
  connectTimeoutMs: 20_000,
  healthIntervalMs: 50,
  maxHeadAgeMs: 60_000,
  retryDelayMs: 20,
  maxRetryDelayMs: 200,
};

const head = (link: Link) => link.send("chain_getHeader", []) as Promise<{ number: string }>;

describe("The connection to the chain", () => {
  let folder: string;
  let devChain: DevChain;
  let open: (() => Promise<void>)[];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "chain-connection-"));
    const start = () => startDevChain({}, { folder: join(folder, "chain"), port: 0, blockMs: 100 });
    // A copy of the chain as it was at its beginning, for a node that knows no more.
    await (await start()).close();
    // Without SQLite's log, which is empty and may vanish at any moment.
    const filter = (path: string) => !/-(wal|shm)$/.test(path);
    await cp(join(folder, "chain"), join(folder, "beginning"), { recursive: true, filter });
    devChain = await start();
  });
  after(async () => {
    await devChain.close();
    await rm(folder, { recursive: true });
  });
  beforeEach(() => (open = []));
  afterEach(async () => {
    devChain.faults.stallBlocks(false);
    for (const close of open.reverse()) await close();
  });

  const relay = async () => {
    const made = await new Relay(devChain.endpoint).open();
    open.push(() => made.close().catch(() => undefined));
    return made;
  };
  const connectTo = (
    endpoints: readonly string[],
    settings: Partial<ConnectionSettings> = {},
    watermark = FinalizedWatermark.inMemory(),
  ) => {
    const connection = new Connection({ ...QUICK, ...settings, endpoints }, watermark);
    open.push(() => connection.close());
    return connection;
  };

  it("refuses settings without an endpoint, or with one that is no WebSocket URL", () => {
    expect(() => new Connection({ endpoints: [] })).to.throw(RangeError, /at least one/);
    expect(() => new Connection({ endpoints: ["http://127.0.0.1:9944"] })).to.throw(RangeError, /ws:\/\//);
  });

  it("lets calls wait for a node that starts later", async () => {
    const late = await relay();
    await late.close();
    const connection = connectTo([late.endpoint]);
    const call = connection.call(head);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(connection.connected).to.equal(false);
    await late.open();
    expect(Number((await call).number)).to.be.greaterThan(-1);
    expect(connection.connected).to.equal(true);
  });

  it("rejects a call with ChainUnavailable in time, and says what is wrong, when nobody is there", async () => {
    const gone = await relay();
    await gone.close();
    const connection = connectTo([gone.endpoint], { callTimeoutMs: 2000 });
    const started = Date.now();
    const error = await rejection(connection.call(head));
    expect(error).to.be.instanceOf(ChainUnavailable);
    expect(error.message).to.match(/within 2000 ms.*ECONNREFUSED/);
    expect(Date.now() - started).to.be.lessThan(20_000);
  });

  it("rejects a call with ChainUnavailable in time when the node hears but does not answer", async () => {
    const mute = await relay();
    const connection = connectTo([mute.endpoint], { callTimeoutMs: 4000 });
    await connection.call(head);
    mute.deaf = true;
    expect(await rejection(connection.call(head))).to.be.instanceOf(ChainUnavailable);
  });

  it("does a call again over the next link when its own breaks under it", async () => {
    const cut = await relay();
    const connection = connectTo([cut.endpoint]);
    let attempts = 0;
    const answer = await connection.call(async (link) => {
      attempts++;
      if (attempts === 1) cut.cut();
      return head(link);
    });
    expect(Number(answer.number)).to.be.greaterThan(-1);
    expect(attempts).to.be.greaterThan(1);
  });

  it("fails over to another endpoint when a node goes away, and comes back when that one goes", async () => {
    const [one, other] = [await relay(), await relay()];
    const connection = connectTo([one.endpoint, other.endpoint]);
    const endpoint = () => connection.call((link) => Promise.resolve(link.endpoint));
    expect(await endpoint()).to.equal(one.endpoint);
    await one.close();
    await connection.call(head);
    expect(await endpoint()).to.equal(other.endpoint);
    await one.open();
    await other.close();
    await connection.call(head);
    expect(await endpoint()).to.equal(one.endpoint);
  });

  it("leaves a node that no longer answers its health check", async () => {
    const [mute, other] = [await relay(), await relay()];
    const connection = connectTo([mute.endpoint, other.endpoint], { callTimeoutMs: 4000 });
    await connection.call(head);
    mute.deaf = true;
    await eventually("the other endpoint is in use", () => other.connections === 1 && connection.connected);
    await connection.call(head);
  });

  it("leaves a node whose head stands still when there is another one", async () => {
    const [one, other] = [await relay(), await relay()];
    const connection = connectTo([one.endpoint, other.endpoint], { maxHeadAgeMs: 500 });
    await connection.call(head);
    devChain.faults.stallBlocks(true);
    await eventually("the other endpoint is tried", () => other.connections === 1);
    devChain.faults.stallBlocks(false);
    await connection.call(head);
  });

  it("keeps the only node when its head stands still, but does not call itself connected", async () => {
    const only = await relay();
    const connection = connectTo([only.endpoint], { maxHeadAgeMs: 300 });
    await connection.call(head);
    devChain.faults.stallBlocks(true);
    await eventually("it notices", () => !connection.connected);
    await connection.call(head);
    devChain.faults.stallBlocks(false);
    await eventually("it notices again", () => connection.connected);
  });

  describe("when the next endpoint is behind what was answered from", () => {
    const final = (connection: Connection) => connection.call((link) => connection.finalizedHead(link));
    /** A node of the same chain that knows its first blocks only, and learns of one more each `blockMs`. */
    const nodeBehind = async (blockMs: number) => {
      await cp(join(folder, "beginning"), join(folder, `behind-${blockMs}`), { recursive: true });
      const behind = await startDevChain({}, { folder: join(folder, `behind-${blockMs}`), port: 0, blockMs });
      open.push(() => behind.close());
      return behind.endpoint;
    };

    it("does not use it: what it does not know yet would look as if it were not there", async () => {
      const one = await relay();
      const connection = connectTo([one.endpoint, await nodeBehind(3_600_000)], {
        connectTimeoutMs: 1000,
        callTimeoutMs: 6000,
      });
      while ((await final(connection)).number < 5) await new Promise((resolve) => setTimeout(resolve, 50));
      await one.close();
      const error = await rejection(connection.call(head));
      expect(error).to.be.instanceOf(ChainUnavailable);
      expect(error.message).to.match(/is behind: its last final block is \d+, and \d+ was final before/);
      await one.open();
      await connection.call(head);
    });

    it("uses it once it has caught up", async () => {
      const one = await relay();
      const connection = connectTo([one.endpoint, await nodeBehind(4)], {
        callTimeoutMs: 60_000,
        connectTimeoutMs: 60_000,
      });
      const seen = (await final(connection)).number;
      await one.close();
      expect((await final(connection)).number).to.be.least(seen);
    });
  });

  describe("when an endpoint is behind what a process before this one was answered from", () => {
    const state = (name: string) => new JsonFileStore({ folder: join(folder, name) });
    const final = (connection: Connection) => connection.call((link) => connection.finalizedHead(link));
    /** A process that sees so many blocks of the chain as final, and is killed: nothing is saved at its end. */
    const earlierProcess = async (name: string, blocks: number) => {
      const connection = connectTo([devChain.endpoint], {}, await FinalizedWatermark.open(state(name)));
      let seen = 0;
      // All but the last few of them are on the disk, which takes its time.
      await eventually("it has seen enough, and saved it", async () => {
        seen = (await final(connection)).number;
        const saved = (await state(name).get("final-block")) as { readonly number: number } | undefined;
        return seen >= blocks && saved !== undefined && saved.number > seen - 5;
      });
      await connection.close();
      return seen;
    };
    const nodeAtBeginning = async (name: string, blockMs: number) => {
      await cp(join(folder, "beginning"), join(folder, name), { recursive: true });
      const behind = await startDevChain({}, { folder: join(folder, name), port: 0, blockMs });
      open.push(() => behind.close());
      return behind.endpoint;
    };

    it("does not use it", async () => {
      const seen = await earlierProcess("state-1", 8);
      const connection = connectTo(
        [await nodeAtBeginning("stopped", 3_600_000)],
        { connectTimeoutMs: 1000, callTimeoutMs: 6000 },
        await FinalizedWatermark.open(state("state-1")),
      );
      const error = await rejection(connection.call(head));
      expect(error).to.be.instanceOf(ChainUnavailable);
      const { number } = /and (?<number>\d+) was final before/.exec(error.message)!.groups!;
      expect(Number(number)).to.be.within(seen - 5, seen);
    });

    it("uses it once it has caught up", async () => {
      const seen = await earlierProcess("state-2", 8);
      const connection = connectTo(
        [await nodeAtBeginning("quick", 4)],
        {},
        await FinalizedWatermark.open(state("state-2")),
      );
      expect((await final(connection)).number).to.be.least(seen - 5);
    });

    it("forgets that for another chain", async () => {
      await earlierProcess("state-3", 8);
      const stranger = await startDevChain({}, { folder: join(folder, "anew"), port: 0, blockMs: 3_600_000 });
      open.push(() => stranger.close());
      const connection = connectTo([stranger.endpoint], {}, await FinalizedWatermark.open(state("state-3")));
      expect((await final(connection)).number).to.be.lessThan(5);
    });
  });

  it("refuses a node of another chain", async () => {
    const stranger = await startDevChain({}, { folder: join(folder, "stranger"), port: 0, blockMs: 1000 });
    open.push(() => stranger.close());
    const cut = await relay();
    const connection = connectTo([cut.endpoint, stranger.endpoint], { callTimeoutMs: 4000 });
    await connection.call(head);
    await cut.close();
    expect((await rejection(connection.call(head))).message).to.match(/serves another chain/);
  });

  it("tells a node's refusal from its absence", async () => {
    const connection = connectTo([devChain.endpoint]);
    const error = await rejection(connection.call((link) => link.send("no_such_method", [])));
    expect(error).to.be.instanceOf(RpcRefusal).with.property("code", -32601);
  });

  it("obeys the signal of a call", async () => {
    const mute = await relay();
    const connection = connectTo([mute.endpoint]);
    await connection.call(head);
    mute.deaf = true;
    const reason = new Error("enough");
    const stop = new AbortController();
    const call = rejection(connection.call(head, stop.signal));
    stop.abort(reason);
    expect(await call).to.equal(reason);
    expect(await rejection(connection.call(head, AbortSignal.abort(reason)))).to.equal(reason);
  });

  it("ends calls under way and its socket when it is closed", async () => {
    const mute = await relay();
    const connection = connectTo([mute.endpoint]);
    await connection.call(head);
    mute.deaf = true;
    const call = rejection(connection.call(head));
    await connection.close();
    expect(await call).to.be.instanceOf(ChainUnavailable);
    expect(await rejection(connection.call(head))).to.be.instanceOf(ChainUnavailable);
    expect(connection.connected).to.equal(false);
  });

  it("leaves no socket behind when it is closed", async () => {
    const watched = await relay();
    const connection = connectTo([watched.endpoint]);
    await connection.call(head);
    expect(watched.connections).to.equal(1);
    await connection.close();
    await eventually("the socket is closed", () => watched.connections === 0);
  });
});
