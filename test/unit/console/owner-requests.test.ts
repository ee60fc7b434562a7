import { expect } from "chai";
import { presigned } from "../../../console/src/lib/sign.js";
import { ConsoleFixture } from "../../support/console-fixture.js";
import { testKey } from "../../support/s3-endpoint.js";

describe("What owners ask of the console about themselves", () => {
  const on = new ConsoleFixture();
  beforeEach(() => on.start());
  afterEach(() => on.stop());

  const code = async (answer: Promise<Response>) => /<Code>(\w+)</.exec(await (await answer).text())?.[1];

  it("is answered to who signs it, with the body, for the account of the key", async () => {
    const read = await on.owner("/echo", { query: [["kind", "a b&c"]] });
    expect(await read.json()).to.deep.equal({ account: "tester", query: [["kind", "a b&c"]] });
    expect(read.headers.get("cache-control")).to.equal("no-store");
    expect(read.headers.get("content-security-policy")).to.include("sandbox");
    const sent = await on.owner("/echo", { method: "POST", body: '{"n":1}' });
    expect(await sent.json()).to.deep.equal({ account: "tester", query: [], body: { n: 1 } });
  });

  it("is refused as S3 refuses: unsigned, by another secret, with another body, or for another host", async () => {
    expect(await code(on.get("/console/owner/echo"))).to.equal("AccessDenied");
    const wrong = { ...testKey, secretAccessKey: "other" };
    expect(await code(on.owner("/echo", { credentials: wrong }))).to.equal("SignatureDoesNotMatch");
    const unknown = { ...testKey, accessKeyId: "other" };
    expect(await code(on.owner("/echo", { credentials: unknown }))).to.equal("InvalidAccessKeyId");
    const swapped = { method: "POST", body: '{"n":2}', signedBody: '{"n":1}' };
    expect(await code(on.owner("/echo", swapped))).to.equal("SignatureDoesNotMatch");
    expect(await code(on.owner("/echo", { host: "other.example" }))).to.equal("SignatureDoesNotMatch");
    expect(on.failures).to.deep.equal([]);
  });

  it("takes no signature that was made for S3, and no presigned link", async () => {
    expect(await code(on.owner("/echo", { service: "s3" }))).to.equal("AuthorizationHeaderMalformed");
    const request = { method: "GET", path: "/console/owner/echo", query: [] };
    const target = { host: on.host, region: "us-east-1", service: "cess-s3-console" };
    const link = presigned(request, target, testKey, new Date(), 60);
    expect(await code(on.get(`/console/owner/echo?${link}`))).to.equal("AccessDenied");
  });

  it("is refused to pages of other sites", async () => {
    const answer = await on.owner("/echo", { headers: { origin: "https://evil.example" } });
    expect(answer.status).to.equal(403);
    expect((await on.owner("/echo", { headers: { "sec-fetch-site": "same-site" } })).status).to.equal(403);
  });

  it("says what is wrong with a request", async () => {
    expect((await on.owner("/nothing")).status).to.equal(404);
    const broken = await on.owner("/echo", { method: "POST", body: "{" });
    expect([broken.status, await broken.text()]).to.deep.equal([400, "the body is not JSON\n"]);
    const large = await on.owner("/echo", { method: "POST", body: `"${"x".repeat(70_000)}"` });
    expect([large.status, await large.text()].join()).to.match(/^400.*EntityTooLarge.*65536 bytes/s);
  });

  it("is answered so often, and no more", async () => {
    const statuses = new Set<number>();
    for (let asked = 0; asked < 20; asked++) statuses.add((await on.owner("/echo")).status);
    expect([...statuses]).to.deep.equal([200]);
    const refused = await on.owner("/echo");
    expect([refused.status, refused.headers.get("retry-after")]).to.deep.equal([503, "1"]);
  });
});
