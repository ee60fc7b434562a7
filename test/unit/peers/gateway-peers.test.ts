import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { digestFile } from "../../../src/encoding/file-digest.js";
import { ThreadEncoder } from "../../../src/encoding/thread-encoder.js";
import type { CessAccount } from "../../../src/model/account.js";
import { type CessFile, PLAIN } from "../../../src/model/file.js";
import { FRAGMENT_SIZE } from "../../../src/model/sizes.js";
import type { RegisteredGateway } from "../../../src/network/chain/gateway-register.js";
import { GatewayPeers, type GatewayPeersSettings } from "../../../src/peers/gateway-peers.js";
import { ManualClock } from "../../support/manual-clock.js";
import { TestFolder } from "../encoding/vector-bytes.js";

type Behaviour =
  | "honest"
  | "without"
  | "envelope"
  | "lying"
  | "cut"
  | "silent"
  | "slow"
  | "no ranges"
  | "broken"
  | "redirecting"
  | "endless";

const SLOW_MS = 300;
/** Of the connections, which go by real time. */
const PATIENT = { connectTimeoutMs: 60_000, answerTimeoutMs: 60_000, stallTimeoutMs: 60_000 };

describe("GatewayPeers", () => {
  const folder = new TestFolder();
  const encoder = new ThreadEncoder({ threads: 1 });
  const content = randomBytes(FRAGMENT_SIZE + 100_000);
  const servers: Server[] = [];
  const opened: GatewayPeers[] = [];
  /** Stands still unless a test lets it pass: however busy the machine is, nobody is late by that. */
  const clock = new ManualClock();
  let file: CessFile;

  before(async () => {
    file = { ...(await digestFile(encoder, folder.write("content", content), PLAIN)), format: PLAIN };
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((peers) => peers.close()));
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });
  after(async () => {
    await encoder.close();
    folder.remove();
  });

  /** A gateway that behaves so, and what it was asked. */
  async function gateway(
    behaviour: Behaviour,
  ): Promise<{ endpoint: string; asked: IncomingMessage[]; now: Behaviour }> {
    const asked: IncomingMessage[] = [];
    const server = createServer((request, response) => {
      // Of what kind it is: it does not say.
      if (/^\/(?:status|file\/metadata\/0+)$/.test(request.url ?? "")) {
        response.writeHead(404).end();
        return;
      }
      asked.push(request);
      void answer(state.now, request, response);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const state = { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, now: behaviour };
    return state;
  }

  async function answer(behaviour: Behaviour, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const json = (status: number, code: number) =>
      response
        .writeHead(status, { "content-type": "application/json; charset=utf-8" })
        .end(JSON.stringify({ code, msg: "no", data: null }));
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "")!;
    const [start, end] = [Number(first), Number(last) + 1];
    const bytes = Buffer.from(content.subarray(start, end));
    if (behaviour === "silent") return;
    if (behaviour === "slow") await clock.sleep(SLOW_MS);
    if (behaviour === "without") return void json(404, 404);
    if (behaviour === "envelope") return void json(200, 404);
    if (behaviour === "broken") return void response.writeHead(500).end("oops");
    if (behaviour === "redirecting") return void response.writeHead(302, { location: "http://127.0.0.1:1/" }).end();
    if (behaviour === "no ranges") return void response.writeHead(200).end(content);
    if (behaviour === "lying") bytes[17]! ^= 1;
    response.writeHead(206, {
      "content-range": `bytes ${start}-${end - 1}/${content.length}`,
      "content-length": bytes.length * (behaviour === "endless" ? 100 : 1),
    });
    if (behaviour === "cut") response.write(bytes.subarray(0, 1000), () => setTimeout(() => response.destroy(), 20));
    else if (behaviour === "endless") response.write(bytes);
    else response.end(bytes);
  }

  function peers(settings: Partial<GatewayPeersSettings>, registered?: readonly RegisteredGateway[]): GatewayPeers {
    const register = registered && {
      account: "cSelf" as CessAccount,
      gateways: () => Promise.resolve([...registered]),
    };
    const made = new GatewayPeers(
      { clock, verify: (bytes, hash) => encoder.verify(bytes, hash), ...(register && { register }) },
      { ...PATIENT, ...settings },
    );
    opened.push(made);
    return made;
  }

  const never = new AbortController().signal;

  /** Lets so much time pass as soon as the gateway has been asked so often. */
  async function passOnceAsked({ asked }: { asked: IncomingMessage[] }, times: number, ms: number): Promise<void> {
    while (asked.length < times) await new Promise((resolve) => setTimeout(resolve, 1));
    await clock.advance(ms);
  }

  async function expectFragment(from: GatewayPeers, fragment: number): Promise<void> {
    const bytes = await from.fragment(file, 0, fragment, never);
    const wanted = Buffer.alloc(FRAGMENT_SIZE);
    content.copy(wanted, 0, fragment * FRAGMENT_SIZE);
    expect(bytes && Buffer.compare(bytes, wanted)).to.equal(0);
  }

  it("gets a fragment as a range of the file, by both headers, and fills the last one with zeros", async () => {
    const honest = await gateway("honest");
    const from = peers({ endpoints: [honest.endpoint] });
    await expectFragment(from, 0);
    await expectFragment(from, 1);
    expect(honest.asked.map(({ url }) => url)).to.deep.equal([`/file/open/${file.fid}`, `/file/open/${file.fid}`]);
    expect(honest.asked[1]!.headers).to.include({
      range: `bytes=${FRAGMENT_SIZE}-${content.length - 1}`,
      "content-range": `bytes=${FRAGMENT_SIZE}-${content.length - 1}`,
      "cache-control": "only-if-cached",
    });
    expect(from.metrics()).to.include({ fragments: 2, bytes: content.length, failures: 0 });
  });

  it("goes to whoever had the file the last time, and to nobody else", async () => {
    const [honest, other] = [await gateway("honest"), await gateway("without")];
    const from = peers({ endpoints: [other.endpoint, honest.endpoint] });
    await expectFragment(from, 0);
    expect(other.asked).to.have.length(1);
    await expectFragment(from, 1);
    expect(other.asked).to.have.length(1);
  });

  it("remembers who has not the file, however that was said, and asks the next", async () => {
    const without = [await gateway("without"), await gateway("envelope")];
    const from = peers({ endpoints: without.map(({ endpoint }) => endpoint), asked: 1 });
    expect(await from.fragment(file, 0, 0, never)).to.equal(undefined);
    expect(await from.fragment(file, 0, 1, never)).to.equal(undefined);
    expect(without.map(({ asked }) => asked.length)).to.deep.equal([1, 1]);
    expect(from.metrics()).to.include({ misses: 2, failures: 0, open: 0 });
  });

  it("does not believe wrong bytes, passes over who sent them, and takes them from another", async () => {
    const lying = await gateway("lying");
    const slow = await gateway("slow");
    const from = peers({ endpoints: [lying.endpoint, slow.endpoint] });
    // Asked beside the other, instead of it, and alone.
    await Promise.all([expectFragment(from, 0), passOnceAsked(slow, 2, SLOW_MS)]);
    await Promise.all([expectFragment(from, 1), passOnceAsked(slow, 3, SLOW_MS)]);
    expect(lying.asked).to.have.length(1);
    expect(from.metrics()).to.include({ wrong: 1, fragments: 2, open: 1 });
  });

  it("takes the file's beginning from a gateway without ranges, and no more than it needs from one without end", async () => {
    await expectFragment(peers({ endpoints: [(await gateway("no ranges")).endpoint] }), 0);
    await expectFragment(peers({ endpoints: [(await gateway("endless")).endpoint] }), 1);
    expect(await peers({ endpoints: [(await gateway("no ranges")).endpoint] }).fragment(file, 0, 1, never)).to.equal(
      undefined,
    );
  });

  for (const behaviour of ["silent", "cut", "broken", "redirecting"] as const)
    it(`passes over a gateway that is ${behaviour} twice, and tries it again after a while`, async () => {
      const bad = await gateway(behaviour);
      const from = peers({ endpoints: [bad.endpoint], attemptMs: 1500, firstCooldownMs: 40_000 });
      const first = from.fragment(file, 0, 0, never);
      if (behaviour === "silent") for (const times of [1, 2]) await passOnceAsked(bad, times, 1500);
      expect(await first).to.equal(undefined);
      expect(bad.asked).to.have.length(2);
      expect(await from.fragment(file, 0, 0, never)).to.equal(undefined);
      expect(bad.asked).to.have.length(2);
      expect(from.metrics()).to.include({ failures: 2, open: 1 });
      bad.now = "honest";
      await clock.advance(40_000);
      await expectFragment(from, 0);
      expect(from.metrics()).to.include({ open: 0 });
    });

  it("asks the register's gateways once it was read, never itself, and none in a private network unless allowed", async () => {
    const [self, honest] = [await gateway("honest"), await gateway("honest")];
    const registered = [
      { account: "cSelf" as CessAccount, endpoint: self.endpoint },
      { account: "cOther" as CessAccount, endpoint: honest.endpoint },
    ];
    const open = peers({ allowPrivate: true }, registered);
    expect(await open.fragment(file, 0, 0, never)).to.equal(undefined);
    await expectFragment(open, 0);
    const strict = peers({ allowPrivate: false }, registered);
    await strict.fragment(file, 0, 0, never);
    expect(await strict.fragment(file, 0, 0, never)).to.equal(undefined);
    expect([self.asked.length, honest.asked.length]).to.deep.equal([0, 1]);
  });

  it("ends at once with its caller, and blames nobody for it", async () => {
    const silent = await gateway("silent");
    const from = peers({ endpoints: [silent.endpoint] });
    const caller = new AbortController();
    const running = from.fragment(file, 0, 0, caller.signal);
    await passOnceAsked(silent, 1, 0);
    caller.abort(new Error("enough"));
    const failure: unknown = await running.catch((error: unknown) => error);
    expect((failure as Error).message).to.equal("enough");
    expect(from.metrics()).to.include({ failures: 0, open: 0 });
  });

  it("asks nobody for more fragments at a time than it may", async () => {
    const slow = await gateway("slow");
    const from = peers({ endpoints: [slow.endpoint], transfers: 1 });
    const first = from.fragment(file, 0, 0, never);
    expect(await from.fragment(file, 0, 1, never)).to.equal(undefined);
    await passOnceAsked(slow, 1, SLOW_MS);
    expect(await first).to.have.length(FRAGMENT_SIZE);
    expect(slow.asked).to.have.length(1);
  });
});
