import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { Counter, Registry } from "prom-client";
import { AdminAccess } from "../../../src/admin/admin-access.js";
import { AdminServer, json } from "../../../src/admin/admin-server.js";
import type { AuditRecord } from "../../../src/admin/audit-log.js";
import { eventually } from "../../support/eventually.js";
import { ManualClock } from "../../support/manual-clock.js";

const TOKEN = "a token of the operator".replaceAll(" ", "-");

describe("the admin endpoint", () => {
  let server: AdminServer;
  let base: string;
  let reasons: string[];
  let dropped: number;
  let records: AuditRecord[];
  let warnings: object[];
  let clock: ManualClock;
  let token: string | undefined;
  let streams: number;

  /** Goes on until nobody reads it. */
  async function* endless(): AsyncGenerator<string> {
    streams++;
    try {
      for (let n = 0; ; n++) {
        yield `data: ${n}\n\n`;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    } finally {
      streams--;
    }
  }

  beforeEach(async () => {
    token = undefined;
    streams = 0;
    await start({});
  });
  const start = async (settings: { publicMetrics?: boolean }) => {
    reasons = [];
    dropped = 0;
    records = [];
    warnings = [];
    clock = new ManualClock();
    const log = { warn: (fields: object) => void warnings.push(fields) };
    const metrics = new Registry();
    new Counter({ name: "things_total", help: "things", registers: [metrics] }).inc(3);
    server = new AdminServer(
      {
        metrics,
        health: {
          unready: () => reasons.map((reason) => ({ check: "chain", reason, since: "2026-01-01T00:00:00.000Z" })),
          warnings: () => [],
        },
        dropCache: () => Promise.resolve(void (dropped += 1)),
        access: new AdminAccess({ token: () => token, clock, log }),
        audit: { record: (record) => Promise.resolve(void records.push(record)) },
        clock,
        pages: (request, response) => {
          if (request.url !== "/page") return false;
          response.end("a page");
          return true;
        },
        routes: [
          { method: "POST", path: /^\/holds\/1$/, run: () => Promise.resolve(json({})), unrecorded: true },
          {
            method: "POST",
            path: /^\/keys$/,
            run: () => Promise.resolve({ ...json({ secret: "s3cret" }, 201), made: "CESS1" }),
          },
          {
            method: "GET",
            path: /^\/stream$/,
            run: () => Promise.resolve({ status: 200, type: "text/event-stream", body: "", stream: endless() }),
          },
          { method: "POST", path: /^\/fails$/, run: () => Promise.reject(new Error("the disk is full")) },
          { method: "PUT", path: /^\/dev\/nodes\/(\d+)$/, run: ([n], body) => Promise.resolve(json({ n, body })) },
          {
            method: "GET",
            path: /^\/things\/([^/]+)\/(.+)$/,
            run: ([one, two], _body, query) =>
              Promise.resolve(json({ one, two, all: query.has("all"), id: query.get("id") })),
          },
        ],
      },
      { names: ["gateway.internal"], ...settings },
    );
    base = `http://127.0.0.1:${(await server.listen("127.0.0.1", 0)).port}`;
  };
  afterEach(() => server.close());

  it("streams until the client is gone, to the operator alone", async () => {
    const gone = new AbortController();
    const answer = await fetch(`${base}/stream`, { signal: gone.signal });
    const first = (await answer.body?.getReader().read())?.value as Uint8Array | undefined;
    expect(new TextDecoder().decode(first)).to.match(/^data: 0/);
    expect(streams).to.equal(1);
    gone.abort();
    await eventually("the stream ends", () => streams === 0);
    token = TOKEN;
    expect((await fetch(`${base}/stream`)).status).to.equal(401);
    expect(streams).to.equal(0);
  });

  it("leaves to its pages what they know", async () => {
    token = TOKEN;
    expect(await (await fetch(`${base}/page`)).text()).to.equal("a page");
    expect((await fetch(`${base}/pages`)).status).to.equal(401);
  });

  it("answers live always and ready only when nothing is missing, with the reasons", async () => {
    expect((await fetch(`${base}/health/live`)).status).to.equal(200);
    expect((await fetch(`${base}/health/ready`)).status).to.equal(200);
    reasons = ["the chain is not connected"];
    const answer = await fetch(`${base}/health/ready`);
    expect(answer.status).to.equal(503);
    expect(await answer.json()).to.deep.equal({
      status: "not ready",
      reasons: [{ check: "chain", reason: "the chain is not connected", since: "2026-01-01T00:00:00.000Z" }],
      warnings: [],
    });
  });

  it("gives metrics in Prometheus' text form", async () => {
    const answer = await fetch(`${base}/metrics`);
    expect(answer.headers.get("content-type")).to.match(/^text\/plain/);
    expect(await answer.text()).to.contain("things_total 3");
  });

  it("drops the cache on DELETE only", async () => {
    expect((await fetch(`${base}/cache`)).status).to.equal(405);
    expect(dropped).to.equal(0);
    expect((await fetch(`${base}/cache`, { method: "DELETE" })).status).to.equal(200);
    expect(dropped).to.equal(1);
  });

  it("hands further routes their groups decoded, and the query", async () => {
    const answer = await fetch(`${base}/things/b%C3%BCcket/a/b%2Fc%3F%20d?all&id=x%2By`);
    expect(await answer.json()).to.deep.equal({ one: "bücket", two: "a/b/c? d", all: true, id: "x+y" });
    const malformed = await fetch(`${base}/things/box/%E0%A4%A`);
    expect(await malformed.json()).to.deep.equal({ one: "box", two: "%E0%A4%A", all: false, id: null });
  });

  it("hands further routes their groups and JSON body, and refuses a body that is not JSON", async () => {
    const answer = await fetch(`${base}/dev/nodes/7`, { method: "PUT", body: '{"fault":"down"}' });
    expect(await answer.json()).to.deep.equal({ n: "7", body: { fault: "down" } });
    expect((await fetch(`${base}/dev/nodes/7`, { method: "PUT", body: "{" })).status).to.equal(400);
    expect((await fetch(`${base}/nothing`)).status).to.equal(404);
  });

  /** `fetch` sets Host and Origin itself. */
  const ask = (method: string, path: string, headers: Readonly<Record<string, string>>) =>
    new Promise<{ status: number; body: string; headers: IncomingHttpHeaders }>((resolve, reject) => {
      const { port } = new URL(base);
      const request = httpRequest({ host: "127.0.0.1", port, method, path, headers, agent: false }, (response) => {
        text(response).then(
          (body) => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }),
          reject,
        );
      });
      request.once("error", reject).end(method === "PUT" ? '{"fault":"down"}' : undefined);
    });

  it("does nothing for a web site whose name was made to resolve to it, or that sends from its own pages", async () => {
    const host = new URL(base).host;
    for (const headers of [
      { host: "attacker.example" },
      { host: "attacker.example", origin: "http://attacker.example" },
      { host, origin: "http://attacker.example" },
      { host, "sec-fetch-site": "cross-site" },
    ]) {
      for (const [method, path] of [
        ["GET", "/metrics"],
        ["GET", "/health/live"],
        ["DELETE", "/cache"],
        ["PUT", "/dev/nodes/7"],
        ["OPTIONS", "/cache"],
        ["GET", "/nothing"],
      ] as const) {
        const answer = await ask(method, path, headers);
        expect(answer.status, `${method} ${path} ${JSON.stringify(headers)}`).to.equal(403);
        expect(answer.body).to.contain("the admin endpoint").and.not.contain("things_total");
        expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).to.deep.equal([]);
      }
    }
    expect(dropped).to.equal(0);
    expect((await ask("GET", "/metrics", { host: "gateway.internal:9001" })).body).to.contain("things_total 3");
    expect((await ask("DELETE", "/cache", { host, origin: base })).status).to.equal(200);
  });

  it("answers 404 to paths that are none of its own, however they are written", async () => {
    for (const path of ["//", "/%00", "/http://[", "/../x", "/metrics/", "http://[::1"])
      expect((await ask("GET", path, {})).status, path).to.equal(404);
    expect((await ask("GET", "/health/live?x=%ff", {})).status).to.equal(200);
  });

  describe("with a token", () => {
    beforeEach(() => (token = TOKEN));
    const bearer = (value: string) => ({ authorization: `Bearer ${value}` });

    it("does nothing and tells nothing without it, and says what it needs", async () => {
      for (const [method, path] of [
        ["GET", "/metrics"],
        ["DELETE", "/cache"],
        ["PUT", "/dev/nodes/7"],
        ["GET", "/nothing"],
        ["PATCH", "/cache"],
      ] as const) {
        const answer = await ask(method, path, {});
        expect(answer.status, `${method} ${path}`).to.equal(401);
        expect(answer.headers["www-authenticate"]).to.match(/^Bearer/);
        expect(answer.body).to.contain("admin.tokenFile").and.not.contain("things_total");
      }
      expect([dropped, records.length]).to.deep.equal([0, 0]);
    });

    it("answers the requests that have it", async () => {
      expect((await ask("GET", "/metrics", bearer(TOKEN))).body).to.contain("things_total 3");
      expect((await ask("DELETE", "/cache", { authorization: `bearer  ${TOKEN} ` })).status).to.equal(200);
      expect((await ask("GET", "/nothing", bearer(TOKEN))).status).to.equal(404);
    });

    it("tells load balancers whether it lives and is ready, but only those with the token why not", async () => {
      reasons = ["the chain is not connected: wss://chain/secret-path"];
      expect((await ask("GET", "/health/live", {})).status).to.equal(200);
      const stranger = await ask("GET", "/health/ready", {});
      expect([stranger.status, JSON.parse(stranger.body)]).to.deep.equal([503, { status: "not ready" }]);
      expect((await ask("GET", "/health/ready", bearer(TOKEN))).body).to.contain("secret-path");
      reasons = [];
      expect((await ask("HEAD", "/health/ready", {})).status).to.equal(200);
    });

    it("gives metrics without it when the operator says so, and nothing else", async () => {
      await server.close();
      await start({ publicMetrics: true });
      expect((await ask("GET", "/metrics", {})).body).to.contain("things_total 3");
      expect((await ask("DELETE", "/cache", {})).status).to.equal(401);
    });

    it("refuses wrong tokens, and after ten of them every one from that address for a while", async () => {
      for (let n = 0; n < 10; n++) {
        const answer = await ask("DELETE", "/cache", bearer(`${TOKEN}${n}`));
        expect([answer.status, answer.headers["www-authenticate"]?.slice(0, 6)]).to.deep.equal([401, "Bearer"]);
      }
      expect(warnings).to.have.length(10);
      expect(JSON.stringify(warnings)).to.contain("127.0.0.1").and.not.contain(TOKEN);
      const slowed = await ask("DELETE", "/cache", bearer(TOKEN));
      expect([slowed.status, slowed.headers["retry-after"]]).to.deep.equal([429, "6"]);
      expect((await ask("GET", "/health/live", {})).status, "probes go on").to.equal(200);
      await clock.advance(6000);
      expect((await ask("DELETE", "/cache", bearer(TOKEN))).status).to.equal(200);
      expect(dropped).to.equal(1);
    });

    it("records wrong tokens with where they come from, the first at once and the others once a minute", async () => {
      const refused = () => records.filter(({ act }) => act === "wrong token");
      for (let n = 0; n < 15; n++) await ask("DELETE", "/cache", bearer(`${TOKEN}${n}`));
      expect(refused()).to.deep.equal([
        {
          act: "wrong token",
          by: "127.0.0.1",
          subject: "admin listener",
          result: "refused",
          details: { attempts: { "127.0.0.1": 1 } },
        },
      ]);
      await clock.advance(60_000);
      expect(refused().map(({ details }) => details)).to.deep.equal([
        { attempts: { "127.0.0.1": 1 } },
        { attempts: { "127.0.0.1": 14 } },
      ]);
      await clock.advance(60_000);
      expect(clock.sleeping, "nothing waits").to.equal(0);
      await ask("DELETE", "/cache", bearer("x"));
      await ask("DELETE", "/cache", bearer("x"));
      await server.close();
      expect(refused(), "what is left is recorded at the end").to.have.length(4);
      await start({});
    });

    it("takes no other scheme, and no token that is empty or longer", async () => {
      for (const authorization of ["", "Bearer", "Bearer ", `Basic ${TOKEN}`, TOKEN, `Bearer ${TOKEN} ${TOKEN}`])
        expect((await ask("GET", "/metrics", { authorization })).status, authorization).to.equal(401);
    });
  });

  it("records what may change something, with who, on what, how it ended, and the body without secrets", async () => {
    const body = JSON.stringify({ fault: "down", secretAccessKey: "s3cret", keyFile: "/etc/keys" });
    await fetch(`${base}/dev/nodes/7`, { method: "PUT", body });
    token = TOKEN;
    await ask("DELETE", "/cache", { authorization: `Bearer ${TOKEN}` });
    await ask("POST", "/fails", { authorization: `Bearer ${TOKEN}` });
    await ask("GET", "/metrics", { authorization: `Bearer ${TOKEN}` });
    await ask("POST", "/keys", { authorization: `Bearer ${TOKEN}` });
    expect((await ask("POST", "/holds/1", { authorization: `Bearer ${TOKEN}` })).status).to.equal(200);
    const [first, second, third, fourth] = records;
    expect(records).to.have.length(4);
    expect(fourth).to.deep.include({ act: "POST", subject: "/keys", result: "201", made: "CESS1" });
    expect(first).to.deep.equal({
      act: "PUT",
      by: "127.0.0.1, without a token",
      subject: "/dev/nodes/7",
      result: "200",
      details: { fault: "down", secretAccessKey: "(not recorded)", keyFile: "/etc/keys" },
    });
    expect(second?.by).to.match(/^token [0-9a-f]{8} from 127\.0\.0\.1$/);
    expect([third?.subject, third?.result]).to.deep.equal(["/fails", "500"]);
    expect(JSON.stringify(records)).to.not.contain("s3cret").and.not.contain(TOKEN);
  });
});
