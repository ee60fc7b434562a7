import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect } from "chai";
import { ThreadPool } from "../../../src/threads/thread-pool.js";
import { ManualClock } from "../../support/manual-clock.js";
import type { CountingCalls } from "./counting-thread.js";

const module = new URL("./counting-thread.js", import.meta.url);
const failure = (promise: Promise<unknown>) => promise.then(() => undefined).catch((error: unknown) => error);

describe("ThreadPool", () => {
  const clock = new ManualClock();
  let pool: ThreadPool<CountingCalls>;
  beforeEach(() => {
    pool = new ThreadPool({ module, threads: 2, idleMs: 1_000 }, clock);
  });
  afterEach(() => pool.close());

  it("serves a thread's calls in their order, and the thread keeps its state between them", async () => {
    const thread = pool.lease();
    expect(await Promise.all([1, 10, 100].map((by) => thread.call("add", by)))).to.deep.equal([1, 11, 111]);
    thread.release();
    const again = pool.lease();
    expect(await again.call("add", 1)).to.equal(112);
    again.release();
  });

  it("leases the thread with the fewest leases, and starts one only when all others are leased", async () => {
    const [first, second] = [pool.lease(), pool.lease()];
    await Promise.all([first.call("add", 1), second.call("add", 2)]);
    const shared = pool.lease();
    expect(await shared.call("add", 0)).to.equal(1);
    second.release();
    const alone = pool.lease();
    expect(await alone.call("add", 0)).to.equal(2);
    for (const thread of [first, shared, alone]) thread.release();
  });

  it("gives buffers away in both directions", async () => {
    const thread = pool.lease();
    const bytes = new Uint8Array(8);
    const filled = await thread.call("fill", { bytes, value: 7 }, [bytes.buffer]);
    expect([bytes.byteLength, ...filled]).to.deep.equal([0, ...new Array<number>(8).fill(7)]);
    thread.release();
  });

  it("rejects with what a call threw, and serves the next", async () => {
    const thread = pool.lease();
    const [failed, next] = [failure(thread.call("fail", "too far")), thread.call("add", 1)];
    expect(await failed)
      .to.be.instanceOf(RangeError)
      .with.property("message", "too far");
    expect(await next).to.equal(1);
    expect(await failure(thread.call("failInSqlite", "/no such folder/catalog.sqlite")), "no native error")
      .to.be.instanceOf(Error)
      .with.property("message")
      .that.matches(/unable to open/i);
    thread.release();
  });

  it("rejects the calls of a thread that ends, and replaces it", async () => {
    const thread = pool.lease();
    const calls = [failure(thread.call("exit", 3)), failure(thread.call("add", 1))];
    for (const error of await Promise.all(calls)) expect(String(error)).to.match(/ended with code 3/);
    expect(String(await failure(thread.call("add", 1)))).to.match(/ended with code 3/);
    thread.release();
    const other = pool.lease();
    expect(await other.call("add", 5)).to.equal(5);
    other.release();
  });

  it("rejects a call whose message cannot be read, and does not wait for ever", async () => {
    const thread = pool.lease();
    const bytes = new Uint8Array(8);
    await thread.call("fill", { bytes, value: 7 }, [bytes.buffer]);
    expect(await failure(thread.call("fill", { bytes, value: 7 }, [bytes.buffer]))).to.be.instanceOf(Error);
    thread.release();
    const other = pool.lease();
    expect(await other.call("add", 5)).to.equal(5);
    other.release();
  });

  it("ends threads that were not leased for a while, save one", async () => {
    const both = [pool.lease(), pool.lease()];
    await Promise.all(both.map((thread) => thread.call("add", 1)));
    for (const thread of both) thread.release();
    await clock.advance(999);
    pool.lease().release();
    await clock.advance(1);
    const [kept, fresh] = [pool.lease(), pool.lease()];
    expect(await Promise.all([kept.call("add", 1), fresh.call("add", 1)])).to.deep.equal([2, 1]);
    for (const thread of [kept, fresh]) thread.release();
  });

  it("rejects calls under way, and leases no more, once it is closed", async () => {
    const thread = pool.lease();
    const call = failure(thread.call("add", 1));
    await pool.close();
    expect(String(await call)).to.match(/closed/);
    expect(() => pool.lease()).to.throw(/closed/);
  });

  it("keeps the process alive as long as a call is under way, and no longer", async () => {
    const src = new URL("../../../src/threads/thread-pool.js", import.meta.url).href;
    const script = `import(${JSON.stringify(src)}).then(async ({ ThreadPool }) => {
      const pool = new ThreadPool({ module: new URL(${JSON.stringify(module.href)}), threads: 1 });
      console.log(await pool.lease().call("add", 7));
    });`;
    const { stdout } = await promisify(execFile)(process.execPath, ["-e", script], { timeout: 10_000 });
    expect(stdout).to.equal("7\n");
  });
});
