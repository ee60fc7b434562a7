import { expect } from "chai";
import { ConsoleFixture } from "../../support/console-fixture.js";
import { testKey } from "../../support/s3-endpoint.js";

/** Names that browsers, paths and markup would like to change. */
const HOSTILE = [
  "<img src=x onerror=alert(1)>",
  "../../etc/passwd",
  "a/./b/../c",
  "//two//slashes/",
  "abc\u202egnp.exe",
  "percent %2e%2e %",
  "\u{1f4a9} plus+and&equals=?#",
  "\u00e9".repeat(512),
  "quote\"'`$(id)",
];

describe("The console", () => {
  const on = new ConsoleFixture();
  before(async () => {
    await on.start();
    expect((await on.s3("box", "", { method: "PUT" })).status).to.equal(200);
  });
  after(() => on.stop());

  describe("its page", () => {
    it("is given to everyone, with a policy that allows nothing inline, nothing of others, and no frame", async () => {
      const answer = await on.get("/console/");
      expect(answer.status).to.equal(200);
      expect(await answer.text()).to.equal("<!doctype html>");
      const policy = answer.headers.get("content-security-policy") ?? "";
      for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'"])
        expect(policy).to.include(part);
      for (const part of ["frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'", "form-action 'none'"])
        expect(policy).to.include(part);
      expect(policy).not.to.match(/unsafe|https?:|\*/);
      expect(answer.headers.get("x-content-type-options")).to.equal("nosniff");
      expect(answer.headers.get("referrer-policy")).to.equal("no-referrer");
      expect(answer.headers.get("cross-origin-opener-policy")).to.equal("same-origin");
      expect(answer.headers.get("cross-origin-resource-policy")).to.equal("same-origin");
      expect(answer.headers.get("set-cookie")).to.equal(null);
    });

    it("is told what it must know to sign in, and nothing of what runs here", async () => {
      const facts = (await (await on.get("/console/gateway.json")).json()) as object;
      expect(facts).to.have.all.keys("region", "s3Scheme", "s3Port", "operators");
    });

    it("is found without the last slash, and from the listener's root", async () => {
      expect((await on.get("/console")).headers.get("location")).to.equal("/console/");
      expect((await on.get("/")).headers.get("location")).to.equal("/console/");
      expect((await on.get("//evil.example/console/")).status).to.equal(404);
    });

    it("comes compressed as the browser likes it, and again only when it has changed", async () => {
      const path = "/console/assets/a-1234.js";
      const plain = await on.get(path, { "accept-encoding": "identity" });
      expect(await plain.text()).to.equal("let a;");
      expect(plain.headers.get("cache-control")).to.include("immutable");
      const small = await on.get(path, { "accept-encoding": "gzip;q=0.5, br;q=0" });
      expect(small.headers.get("content-encoding")).to.equal("gzip");
      await small.arrayBuffer().catch(() => undefined);
      const etag = plain.headers.get("etag") ?? "";
      expect((await on.get(path, { "if-none-match": etag })).status).to.equal(304);
      expect((await on.get("/console/", { "if-none-match": '"other"' })).headers.get("cache-control")).to.equal(
        "no-cache",
      );
    });

    it("names no file of the disk", async () => {
      for (const path of [
        "/console/../package.json",
        "/console/%2e%2e/package.json",
        "/console/assets/",
        "/console/a\\b",
      ])
        expect((await on.get(path)).status, path).to.equal(404);
    });
  });

  describe("S3 under its origin", () => {
    it("takes each name as it is, whatever browsers make of paths", async () => {
      for (const key of HOSTILE) {
        const put = await on.s3("box", key, { method: "PUT", body: key });
        expect(put.status, key).to.equal(200);
        expect(await (await on.s3("box", key)).text(), key).to.equal(key);
      }
      const listed = await (await on.s3("box", "", { query: [["list-type", "2"]] })).text();
      expect(listed.match(/<Key>/g)).to.have.length(HOSTILE.length);
    });

    it("answers nobody who does not sign, also where everyone may read", async () => {
      for (const [method, path] of [
        ["GET", "/box/a"],
        ["POST", "/"],
        ["PUT", "/box/a"],
        ["OPTIONS", "/box/a"],
      ] as const) {
        const url = `http://${on.host}/console/s3/${encodeURIComponent(path)}`;
        expect((await fetch(url, { method })).status, method).to.equal(403);
      }
    });

    it("leaves the decision to S3: a wrong secret, another host and another path are refused", async () => {
      const wrong = await on.s3("box", "x", { credentials: { ...testKey, secretAccessKey: "another" } });
      expect(wrong.status).to.equal(403);
      expect(await wrong.text()).to.include("SignatureDoesNotMatch");
      const link = on.link("box", "a/./b/../c");
      expect((await on.get(link.replace("%2Fc?", "%2Fd?"))).status).to.equal(403);
    });

    it("shows no object as a page: no frame, no script, no document but a download, and a policy that stops the rest", async () => {
      const key = "<img src=x onerror=alert(1)>";
      for (const destination of [
        "document",
        "iframe",
        "frame",
        "embed",
        "object",
        "script",
        "style",
        "worker",
        "serviceworker",
      ])
        expect((await on.get(on.link("box", key), { "sec-fetch-dest": destination })).status, destination).to.equal(
          403,
        );
      expect((await on.get(on.link("box", key), { "service-worker": "script" })).status).to.equal(403);
      const attachment = on.link("box", key, [["response-content-disposition", "attachment; filename=a"]]);
      const saved = await on.get(attachment, { "sec-fetch-dest": "document" });
      expect(saved.status).to.equal(200);
      expect(saved.headers.get("content-disposition")).to.match(/^attachment/);
      for (const destination of ["empty", "image", "video"]) {
        const answer = await on.get(on.link("box", key), { "sec-fetch-dest": destination });
        expect(answer.status, destination).to.equal(200);
        expect(answer.headers.get("content-security-policy")).to.match(/^sandbox; default-src 'none'/);
        expect(answer.headers.get("x-content-type-options")).to.equal("nosniff");
      }
    });

    it("answers no page of another site", async () => {
      for (const headers of [
        { origin: "https://evil.example" },
        { "sec-fetch-site": "cross-site" },
        { "sec-fetch-site": "same-site" },
      ])
        expect((await on.get(on.link("box", "percent %2e%2e %"), headers)).status).to.equal(403);
    });

    it("refuses what is no path of S3", async () => {
      for (const path of ["%2Fbox%0d%0aX: y", "box", "%2Fbox%3Facl", "%ff", "%2F%00"])
        expect((await on.get(`/console/s3/${path}?X-Amz-Signature=0`)).status, path).to.equal(400);
    });
  });

  describe("what owners see of their own", () => {
    it("is shown to whoever may ask for the HEAD of it", async () => {
      const key = "a/./b/../c";
      expect(await (await on.insight("box", key)).json()).to.deep.equal({ seen: `box/${key} -` });
      expect(await (await on.insight("box", "")).json()).to.deep.equal({ seen: "box" });
    });

    it("is shown to nobody else", async () => {
      on.seen.length = 0;
      expect((await on.get("/console/objects/%2Fbox%2Fa")).status).to.equal(403);
      expect((await on.get("/console/buckets/%2Fbox")).status).to.equal(403);
      const wrong = { ...testKey, secretAccessKey: "another" };
      expect((await on.insight("box", "a/./b/../c", { credentials: wrong })).status).to.equal(403);
      expect((await on.insight("box", "absent")).status).to.equal(404);
      expect((await on.insight("nobodys", "")).status).to.equal(404);
      // A signature for another object or version does not count.
      const other = await on.insight("box", "a/./b/../c", { query: [["versionId", "other"]] });
      expect(other.status).to.be.at.least(400);
      expect(on.seen).to.deep.equal([]);
      expect(on.failures).to.deep.equal([]);
    });
  });
});

describe("The console on the admin listener", () => {
  const on = new ConsoleFixture();
  before(() => on.start(["gateway.internal"]));
  after(() => on.stop());

  it("answers to no name that a site could make its own, and a link to the page may stand anywhere", async () => {
    const linked = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    expect((await on.get("/console/", linked)).status).to.equal(200);
    const { request } = await import("node:http");
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const asked = request(`http://${on.host}/console/`, { headers: { host: "evil.example" } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      asked.once("error", reject);
      asked.end();
    });
    expect(status).to.equal(403);
  });
});
