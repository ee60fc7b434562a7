import { expect } from "chai";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Served } from "../../../src/ipc/connection.js";
import { MAX_PAYLOAD_BYTES } from "../../../src/ipc/frames.js";
import { LocalClient } from "../../../src/ipc/local-client.js";
import { LocalServer } from "../../../src/ipc/local-server.js";
import { WINDOW_BYTES } from "../../../src/ipc/streams.js";
import { DomainError, isProblem } from "../../../src/model/errors.js";
import { SystemClock } from "../../../src/async/system-clock.js";
import { ByteStream } from "../../../src/streams/byte-stream.js";
import { eventually } from "../../support/eventually.js";
import { ManualClock } from "../../support/manual-clock.js";

const failureOf = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => Promise.reject(new Error("it did not fail")),
    (error: unknown) => error as Error,
  );

describe("Calls between processes", () => {
  const clock = new SystemClock({ holdsProcess: false });
  let folder: string;
  let path: string;
  let server: LocalServer;
  let client: LocalClient;
  /** Of streams that the server gave: bytes that its source was asked for, and whether it was closed. */
  let asked: number;
  let closed: boolean;
  let aborted: string[];
  let noticed: unknown[];
  const never = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => {
        aborted.push((signal.reason as Error).message);
        reject(signal.reason as Error);
      });
    });
  const bytesOf = (total: number, failAt = Infinity) =>
    ByteStream.over(
      (async function* () {
        try {
          for (; asked < total; asked += 100_000) {
            if (asked >= failAt) throw new DomainError({ kind: "objectUnavailable" }, "the nodes are gone");
            await Promise.resolve();
            yield Buffer.alloc(Math.min(100_000, total - asked), (asked / 100_000) % 256);
          }
        } finally {
          closed = true;
        }
      })(),
    );
  const served: Served = {
    calls: {
      double: (value: number) => value * 2,
      echo: (value: unknown) => value,
      refuse: () => {
        throw new DomainError({ kind: "quotaExceeded", subject: "a", what: "bytes", limit: 1, used: 2 }, "too much");
      },
      break: () => {
        throw new TypeError("a bug");
      },
      wait: (_: unknown, signal) => never(signal),
    },
    streams: {
      bytes: (total: number) => ({ bytes: bytesOf(total), trailer: () => ({ waited: 7 }) }),
      torn: (total: number) => ({ bytes: bytesOf(total, 300_000), trailer: () => ({ waited: 9 }) }),
      missing: () => Promise.reject(new DomainError({ kind: "objectUnavailable" }, "fewer than 4 fragments")),
    },
    notices: { note: (value: unknown) => void noticed.push(value) },
  };
  const listen = async () => {
    server = new LocalServer({ clock, served });
    await server.listen(path);
  };
  const connected = () => eventually("it is connected", () => client.isConnected);

  beforeEach(async () => {
    [asked, closed, aborted, noticed] = [0, false, [], []];
    folder = await mkdtemp(join(tmpdir(), "cess-s3-ipc-"));
    path = join(folder, "background.sock");
    await listen();
    client = new LocalClient({ clock, served: { calls: { name: () => "client" } } }, path);
    await connected();
  });
  afterEach(async () => {
    await client.close();
    await server.close();
    await rm(folder, { recursive: true });
  });

  it("give back what the other process answers, whatever order the answers come in", async () => {
    const values = await Promise.all([
      client.call("double", 21),
      client.call("echo", { big: 2n ** 70n, map: new Map([["a", undefined]]), bytes: Buffer.from("x") }),
      client.call("double", 4),
    ]);
    expect(values[0]).to.equal(42);
    expect(values[1]).to.deep.include({ big: 2n ** 70n, map: new Map([["a", undefined]]) });
    expect(values[2]).to.equal(8);
  });

  it("go both ways on one connection", async () => {
    const [connection] = server.open;
    expect(await connection?.call("name")).to.equal("client");
  });

  it("reject as the other process did: its own failures with what they are about, bugs with their stack", async () => {
    const refused = await failureOf(client.call("refuse"));
    expect(isProblem(refused, "quotaExceeded") && refused.problem).to.include({ limit: 1, used: 2 });
    const broken = await failureOf(client.call("break"));
    expect(broken).to.include({ name: "TypeError", message: "a bug" });
    expect((broken.cause as Error).stack).to.include("local-connection.test");
    expect((await failureOf(client.call("nothing"))).message).to.equal("there is no call nothing");
  });

  it("end in the other process when nobody waits any more", async () => {
    const abort = new AbortController();
    const waiting = failureOf(client.call("wait", undefined, { signal: abort.signal }));
    await client.call("double", 1);
    abort.abort(new Error("the client hung up"));
    expect((await waiting).message).to.equal("the client hung up");
    await eventually("the call is aborted", () => aborted.length === 1);
    expect(await client.call("double", 1)).to.equal(2);
  });

  it("take no longer than they may", async () => {
    const manual = new ManualClock();
    const slow = new LocalClient({ clock: manual, served: {} }, path);
    await eventually("it is connected", () => slow.isConnected);
    const waiting = failureOf(slow.call("wait", undefined, { timeoutMs: 5_000 }));
    await manual.advance(5_000);
    expect(await waiting).to.have.property("kind", "dependencyUnavailable");
    await eventually("the call is aborted", () => aborted.length === 1);
    const closing = slow.close();
    await manual.advance(1_000);
    await closing;
  });

  it("refuse what is longer than a message may be, and go on", async () => {
    const long = await failureOf(client.call("echo", Buffer.alloc(MAX_PAYLOAD_BYTES + 1)));
    expect(long.message).to.include("longer than");
    expect(await client.call("double", 1)).to.equal(2);
  });

  it("are refused by a process that is away, and work again when it is there again", async () => {
    const waiting = failureOf(client.call("wait"));
    await client.call("double", 1);
    await server.close();
    expect(await waiting).to.have.property("kind", "dependencyUnavailable");
    await eventually("the loss is seen", () => !client.isConnected);
    expect(await failureOf(client.call("double", 1))).to.have.property("kind", "dependencyUnavailable");
    client.notify("note", "lost");
    await listen();
    await connected();
    expect(await client.call("double", 3)).to.equal(6);
    client.notify("note", "heard");
    await eventually("the notice comes", () => noticed.length > 0);
    expect(noticed).to.deep.equal(["heard"]);
  });

  it("can be made by this user's processes alone, and survive whoever writes nonsense", async () => {
    expect((await stat(path)).mode & 0o777).to.equal(0o600);
    const stranger = connect(path);
    const end = new Promise((resolve) => stranger.once("close", resolve));
    stranger.on("error", () => undefined);
    stranger.write(Buffer.alloc(64, 0xff));
    await end;
    expect(await client.call("double", 1)).to.equal(2);
  });

  it("give bytes as a stream, with what is said of it at its end", async () => {
    const trailers: unknown[] = [];
    const stream = await client.open("bytes", 1_234_567, {}, (trailer) => trailers.push(trailer));
    let total = 0;
    for await (const chunk of stream) {
      expect(chunk[0]).to.equal(Math.floor(total / 100_000));
      total += chunk.byteLength;
    }
    expect(total).to.equal(1_234_567);
    expect(trailers).to.deep.equal([{ waited: 7 }]);
  });

  it("send no more of a stream than its reader takes", async () => {
    const stream = await client.open("bytes", 100_000_000);
    let taken = 0;
    for (let n = 0; n < 20; n++) {
      const { value } = await stream.next();
      taken += value?.byteLength ?? 0;
      await client.call("double", n);
      expect(asked - taken).to.be.at.most(WINDOW_BYTES + 200_000);
    }
    stream.close();
    await eventually("the source is closed", () => closed);
    expect(asked).to.be.below(3_000_000);
  });

  it("close a stream's source when its reader is aborted while it waits", async () => {
    const abort = new AbortController();
    const stream = await client.open("bytes", 100_000_000, { signal: abort.signal });
    abort.abort(new Error("the client hung up"));
    expect((await failureOf(stream.next())).message).to.equal("the client hung up");
    await eventually("the source is closed", () => closed);
  });

  it("tell a stream's failure before its first byte, in the middle, and when the process dies", async () => {
    expect(await failureOf(client.open("missing", 0))).to.have.property("kind", "objectUnavailable");
    const trailers: unknown[] = [];
    const torn = await client.open("torn", 1_000_000, {}, (trailer) => trailers.push(trailer));
    const read = async (stream: ByteStream) => {
      let total = 0;
      for await (const chunk of stream) total += chunk.byteLength;
      return total;
    };
    expect(await failureOf(read(torn))).to.have.property("kind", "objectUnavailable");
    expect(trailers).to.deep.equal([{ waited: 9 }]);
    asked = 0;
    const lost = await client.open("bytes", 100_000_000);
    await server.close();
    expect(await failureOf(read(lost))).to.have.property("kind", "dependencyUnavailable");
    await eventually("the source is closed", () => closed);
    await listen();
  });
});
