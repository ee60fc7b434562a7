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
        notReady: () => reasons,
        dropCache: () => Promise.resolve(void (dropped += 1)),
        routes: [
          { method: "PUT", path: /^\/dev\/nodes\/(\d+)$/, run: ([n], body) => Promise.resolve(json({ n, body })) },
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
    expect(await answer.text()).to.equal("the chain is not connected\n");
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

  it("hands further routes their groups and JSON body, and refuses a body that is not JSON", async () => {
    const answer = await fetch(`${base}/dev/nodes/7`, { method: "PUT", body: '{"fault":"down"}' });
    expect(await answer.json()).to.deep.equal({ n: "7", body: { fault: "down" } });
    expect((await fetch(`${base}/dev/nodes/7`, { method: "PUT", body: "{" })).status).to.equal(400);
    expect((await fetch(`${base}/nothing`)).status).to.equal(404);
  });
});
