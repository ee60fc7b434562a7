import { once } from "node:events";
import { get as httpGet, request as httpRequest, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import type { Fid } from "../../../src/model/hash.js";
import type { PublicRoute } from "../../../src/peers/public-server.js";
import { eventually } from "../../support/eventually.js";
import { envelopeFrom, PublicFixture, statusOf, stranger } from "../../support/public-fixture.js";
import { bytesOf } from "../../support/test-gateway.js";

describe("PublicServer, of its limits and further paths", () => {
  const content = bytesOf(300_000, 7);
  const others = bytesOf(500_000, 8);
  let on: PublicFixture;
  let shown: Fid;
  let theirs: Fid;

  before(async () => {
    on = await PublicFixture.open();
    shown = await on.encoded("shown", "page.html", content);
    theirs = await on.onChain(others, stranger, "holiday.mp4");
  });
  after(() => on.close());

  it("says of itself what CD2N's programs ask", async () => {
    const base = await on.serve();
    const { code, data } = await envelopeFrom(await fetch(`${base}/status`));
    expect(code).to.equal(200);
    expect(data).to.include({ version: "cess-s3/1", is_gateway: true, poolid: "pool", work_addr: "", redis_addr: "" });
    expect(data).to.have.property("active_storage_nodes").that.deep.equals(["cXnode"]);
    expect(data).to.have.nested.property("status.dist_status.fid_num").that.is.a("number");
  });

  it("lets one client ask so often and no more, and says when to come again", async () => {
    const base = await on.serve({ limits: { rate: { perSecond: 0.1, burst: 2 } } });
    expect(await statusOf(`${base}/status`)).to.equal(200);
    expect(await statusOf(`${base}/status`)).to.equal(200);
    const third = await fetch(`${base}/status`);
    expect(third.status).to.equal(429);
    expect(third.headers.get("retry-after")).to.equal("10");
    expect((await envelopeFrom(third)).code).to.equal(429);
    await on.clock.advance(10_000);
    expect(await statusOf(`${base}/status`)).to.equal(200);
  });

  it("sends no more files at a time than it may, and forgets those of a reader that left", async () => {
    const base = await on.serve({ limits: { downloadsPerAddress: 1 }, policy: { policy: "any" } });
    const { hash } = on.listed.get(theirs)!.segments[0]!;
    const request = httpGet(`${base}/gateway/download/${theirs}/${hash}`, { agent: false });
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    const second = await fetch(`${base}/open/${shown}`);
    expect(second.status).to.equal(429);
    expect(second.headers.get("retry-after")).to.equal("5");
    await second.arrayBuffer();
    answer.destroy();
    await eventually("there is a place again", async () => (await statusOf(`${base}/open/${shown}`)) === 200);
  });

  it("sends no more bytes than a day has, and goes on as the hours pass", async () => {
    const base = await on.serve({ limits: { bytesPerDay: 24 * 400_000 } });
    expect(await statusOf(`${base}/open/${shown}`)).to.equal(200);
    expect(await statusOf(`${base}/open/${shown}`), "something was left").to.equal(200);
    const third = await fetch(`${base}/open/${shown}`);
    expect(third.status).to.equal(503);
    expect(Number(third.headers.get("retry-after"))).to.equal(1800);
    await third.arrayBuffer();
    await on.clock.advance(1_801_000);
    expect(await statusOf(`${base}/open/${shown}`)).to.equal(200);
  });

  it("ends a file that uses up an hour more than there is", async () => {
    const base = await on.serve({ limits: { bytesPerDay: 24 * 50_000 } });
    const whole = fetch(`${base}/open/${shown}`).then((answer) => answer.arrayBuffer());
    expect(await whole.catch(() => "cut")).to.equal("cut");
  });

  it("takes further paths, and reads of the others' bodies what it must", async () => {
    const asked: string[] = [];
    const route: PublicRoute = {
      path: "/v1/keys",
      methods: ["POST"],
      handle: async (request, response) => {
        for await (const chunk of request) asked.push(String(chunk));
        response.writeHead(201).end("made");
      },
    };
    const base = await on.serve({ routes: [route] });
    const made = await fetch(`${base}/v1/keys`, { method: "POST", body: "hello" });
    expect([made.status, await made.text(), asked]).to.deep.equal([201, "made", ["hello"]]);
    expect(await statusOf(`${base}/v1/keys`)).to.equal(404);
    expect(await statusOf(`${base}/v1/keysmith`, { method: "POST", body: "x" })).to.equal(405);
  });

  it("ends the connection of whose body does not come, unless the path is for long ones", async () => {
    const routes: PublicRoute[] = [
      { path: "/short", handle: async (asked, response) => void response.end(await text(asked)) },
      {
        path: "/long",
        longBody: true,
        handle: async (asked, response) => {
          for await (const chunk of asked) response.write(chunk);
          response.end();
        },
      },
    ];
    const base = await on.serve({ routes, settings: { bodyMs: 50 } });
    const begin = (path: string) => {
      const begun = httpRequest(`${base}${path}`, { method: "POST", agent: false });
      begun.write("begun");
      return begun;
    };
    const long = begin("/long");
    const [answer] = (await once(long, "response")) as [IncomingMessage];
    const [error] = (await once(begin("/short"), "error")) as [NodeJS.ErrnoException];
    expect(error.code).to.equal("ECONNRESET");
    const taken = answer.toArray();
    long.end(", and ended");
    expect(Buffer.concat((await taken) as Buffer[]).toString()).to.equal("begun, and ended");
  });

  it("says by name what it does not offer", async () => {
    const base = await on.serve();
    for (const [path, method] of [
      ["/gateway/reencrypt", "POST"],
      ["/gateway/capsule/1", "GET"],
      ["/gateway/upload/local", "POST"],
      ["/gateway/gentoken", "POST"],
      ["/file/list", "GET"],
      ["/provide", "POST"],
    ] as const) {
      const answer = await fetch(`${base}${path}`, { method });
      expect(answer.status, path).to.equal(501);
      const { code, msg } = await envelopeFrom(answer);
      expect(code).to.equal(501);
      expect(msg).to.match(/^this gateway does not offer /);
    }
    expect(await statusOf(`${base}/nothing`)).to.equal(404);
    expect(await statusOf(`${base}/nothing`, { method: "DELETE" })).to.equal(405);
    const preflight = await fetch(`${base}/open/${shown}`, { method: "OPTIONS" });
    expect(preflight.status).to.equal(204);
    expect(preflight.headers.get("access-control-allow-origin")).to.equal("*");
  });
});
