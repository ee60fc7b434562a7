import { expect } from "chai";
import { parsePolicy } from "../../../src/model/policy-document.js";
import { serveWebsite } from "../../../src/s3/website.js";
import { Headers } from "../../../src/s3/wire/headers.js";
import { Query } from "../../../src/s3/wire/query.js";
import type { ByteStream } from "../../../src/streams/byte-stream.js";
import { alice, body, TestGateway } from "../../support/test-gateway.js";

describe("A website's page", () => {
  let fixture: TestGateway;
  const client = new AbortController();
  before(async () => {
    fixture = await TestGateway.build();
    const Statement = [{ Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::site/*" }];
    const text = JSON.stringify({ Statement });
    await fixture.catalog.buckets.create(
      { name: "site", owner: alice.id, region: "us-east-1" },
      { website: { index: "index.html", rules: [] }, policy: { text, policy: parsePolicy(text, "site") } },
    );
  });
  after(() => fixture.close());

  /** A page that is stored with this redirect location. */
  async function page(websiteRedirectLocation: string) {
    const bucket = (await fixture.catalog.buckets.get("site"))!;
    const settings = { content: { websiteRedirectLocation }, metadata: {} };
    await fixture.cess.objects.put({ account: alice, client, bucket }, "page", body(Buffer.from("page")), settings);
    return serveWebsite(fixture.cess, {
      head: { method: "GET", path: "/page", query: new Query(""), headers: new Headers([]) },
      bucket: "site",
      origin: { address: "127.0.0.1", now: 0, secure: false },
      region: "us-east-1",
      client,
      at: { requestId: "r", hostId: "h", resource: "/page" },
    });
  }

  it("is somewhere else where its redirect location says so", async () => {
    const answer = await page("/elsewhere");
    expect([answer.status, answer.headers]).to.deep.equal([301, { Location: "/elsewhere" }]);
  });

  it("is shown where earlier versions stored a redirect location that no header can hold", async () => {
    const answer = await page("/x\r\nevil: 1");
    expect([answer.status, answer.headers["Location"]]).to.deep.equal([200, undefined]);
    (answer.body as ByteStream).close();
  });
});
