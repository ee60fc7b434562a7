import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { ConfiguredRates } from "../../../src/cli/gateway/request-rates.js";
import { ManualClock } from "../../support/manual-clock.js";
import { element, S3Endpoint, testKey } from "../../support/s3-endpoint.js";

describe("S3 requests that come too often", () => {
  let endpoint: S3Endpoint;
  let clock: ManualClock;
  const off = { requestsPerSecond: 0 };
  const start = async (limits: ConstructorParameters<typeof ConfiguredRates>[1], trustProxy = false) => {
    clock = new ManualClock();
    endpoint = new S3Endpoint();
    const rates = new ConfiguredRates(clock, limits);
    await endpoint.start({ trustProxy }, { rates });
  };
  afterEach(() => endpoint.stop());
  const signed = (secret = testKey.secretAccessKey) => endpoint.signed({ method: "GET", path: "/" }, secret);

  it("are answered SlowDown with the time to wait, by the access key, and served again after it", async () => {
    await start({ perKey: { requestsPerSecond: 0.5, burst: 2 }, perAddress: off });
    expect([(await signed()).status, (await signed()).status]).to.deep.equal([200, 200]);
    const refused = await signed();
    expect([refused.status, element(refused.body, "Code"), refused.headers["retry-after"]]).to.deep.equal([
      503,
      "SlowDown",
      "2",
    ]);
    await clock.advance(2000);
    expect((await signed()).status).to.equal(200);
  });

  it("do not count for a key whose signature they do not have", async () => {
    await start({ perKey: { requestsPerSecond: 0.5, burst: 1 }, perAddress: off });
    for (let n = 0; n < 5; n++) expect((await signed("a wrong secret")).status).to.equal(403);
    expect((await signed()).status).to.equal(200);
  });

  it("are answered SlowDown by the client's address, signed or not, before they are authenticated", async () => {
    await start({ perKey: off, perAddress: { requestsPerSecond: 1, burst: 2 } });
    expect((await endpoint.raw({ method: "GET", path: "/photos/x" })).status).to.equal(404);
    expect((await signed("a wrong secret")).status).to.equal(403);
    const refused = await signed();
    expect([refused.status, refused.headers["retry-after"]]).to.deep.equal([503, "1"]);
  });

  it("are counted by X-Forwarded-For only behind a proxy that is trusted", async () => {
    const from = async (address: string) =>
      (await endpoint.raw({ method: "GET", path: "/photos/x", headers: { "x-forwarded-for": address } })).status;
    const limits = { perKey: off, perAddress: { requestsPerSecond: 1, burst: 1 } };
    await start(limits, true);
    expect([await from("192.0.2.1"), await from("192.0.2.2")]).to.deep.equal([404, 404]);
    // What the client itself wrote stands before what the proxy added.
    expect(await from("198.51.100.7, 192.0.2.1")).to.equal(503);
    await endpoint.stop();
    await start(limits, false);
    expect([await from("192.0.2.1"), await from("192.0.2.2")]).to.deep.equal([404, 503]);
  });

  it("take no place from others: the SDK's retries succeed when the time has passed", async () => {
    await start({ perKey: { requestsPerSecond: 1, burst: 1 }, perAddress: off });
    await endpoint.client.send(new CreateBucketCommand({ Bucket: "photos" }));
    const refused = await endpoint.client
      .send(new CreateBucketCommand({ Bucket: "other" }))
      .catch((error: unknown) => error);
    expect((refused as Error).name).to.equal("SlowDown");
    await clock.advance(1000);
    await endpoint.client.send(new CreateBucketCommand({ Bucket: "other" }));
    expect(endpoint.failures).to.deep.equal([]);
  });
});
