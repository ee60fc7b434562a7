import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { Counter, Registry } from "prom-client";
import { AdminServer, json } from "../../../src/admin/admin-server.js";

describe("the admin endpoint", () => {
  let server: AdminServer;
  let base: string;
  let reasons: string[];
  let dropped: number;

  beforeEach(async () => {
    reasons = [];
    dropped = 0;
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
        routes: [
          { method: "PUT", path: /^\/dev\/nodes\/(\d+)$/, run: ([n], body) => Promise.resolve(json({ n, body })) },
          {
            method: "GET",
            path: /^\/things\/([^/]+)\/(.+)$/,
            run: ([one, two], _body, query) =>
              Promise.resolve(json({ one, two, all: query.has("all"), id: query.get("id") })),
          },
        ],
      },
      { names: ["gateway.internal"] },
    );
    base = `http://127.0.0.1:${(await server.listen("127.0.0.1", 0)).port}`;
  });
  afterEach(() => server.close());

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
});
