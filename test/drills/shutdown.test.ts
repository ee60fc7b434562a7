import { once } from "node:events";
import { Agent, request, type ClientRequest, type IncomingMessage } from "node:http";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { expect } from "chai";
import { eventually } from "../support/eventually.js";
import type { GatewayProcess } from "../support/gateway-process.js";
import { ServeFixture } from "../support/serve-fixture.js";

const SIZE = 1000;

describe("a gateway that is told to end", function () {
  this.timeout(180_000);
  let served: ServeFixture;
  let gateway: GatewayProcess;

  before(async () => (served = await ServeFixture.start()));
  afterEach(() => gateway.end("SIGKILL"));
  after(() => served.end());

  async function start(shutdown: object): Promise<void> {
    gateway = await served.serve("gateway", { more: { shutdown } });
    await gateway.client().send(new CreateBucketCommand({ Bucket: "box" }));
  }

  const urlOf = (Key: string) => {
    const command = new PutObjectCommand({ Bucket: "box", Key, ContentLength: SIZE });
    return getSignedUrl(gateway.client(), command, { expiresIn: 600 });
  };
  const agent = new Agent({ keepAlive: true });

  /** Begins an upload, of which half is sent after the gateway has asked for it: it is one of those that run from then on. */
  async function upload(key: string): Promise<{ sent: ClientRequest; answer: Promise<IncomingMessage> }> {
    const headers = { "content-length": SIZE, expect: "100-continue" };
    const sent = request(await urlOf(key), { method: "PUT", headers, agent });
    const answer = new Promise<IncomingMessage>((resolve, reject) =>
      sent.once("response", resolve).once("error", reject),
    );
    answer.catch(() => undefined);
    sent.flushHeaders();
    await Promise.race([once(sent, "continue"), answer]);
    await new Promise((resolve) => sent.write(Buffer.alloc(SIZE / 2), resolve));
    return { sent, answer };
  }

  const putWhole = async (key: string) => fetch(await urlOf(key), { method: "PUT", body: Buffer.alloc(SIZE) });

  it("is not ready at once, serves until load balancers have noticed, then lets an upload of more than 5 s end", async () => {
    await start({ delaySeconds: 3, drainSeconds: 60 });
    const { sent, answer } = await upload("slow");
    const told = Date.now();
    gateway.kill("SIGTERM");
    const health = await eventually("not ready", async () => {
      const found = await gateway.health();
      return found.status === 503 && found;
    });
    expect(health.reasons.map(({ check }) => check)).to.include("draining");
    const during = await putWhole("during the delay");
    expect([during.status, during.headers.get("connection")]).to.deep.equal([200, "close"]);
    await eventually("new connections are refused", async () =>
      putWhole("late").then(
        () => false,
        () => true,
      ),
    );
    expect(Date.now() - told, "after the delay").to.be.least(3_000);
    expect((await gateway.health()).status, "the admin listener still tells").to.equal(503);
    await new Promise((resolve) => setTimeout(resolve, told + 9_000 - Date.now()));
    sent.end(Buffer.alloc(SIZE / 2));
    const { statusCode, headers } = await answer;
    expect([statusCode, headers.connection]).to.deep.equal([200, "close"]);
    expect(await gateway.ended()).to.equal(0);
    gateway = await served.serve("gateway");
    for (const Key of ["slow", "during the delay"]) {
      const { ContentLength } = await gateway.client().send(new GetObjectCommand({ Bucket: "box", Key }));
      expect(ContentLength).to.equal(SIZE);
    }
  });

  it("cuts what has not ended within drainSeconds, and ends with code 0", async () => {
    await start({ delaySeconds: 0, drainSeconds: 1 });
    const { answer } = await upload("never ends");
    expect(await gateway.end("SIGTERM")).to.equal(0);
    expect(await answer.catch(() => "cut")).to.equal("cut");
  });

  it("does not let a person at a terminal wait for load balancers, and ends at once at a second signal", async () => {
    await start({ delaySeconds: 600, drainSeconds: 0 });
    expect(await gateway.end("SIGINT")).to.equal(0);
    gateway = await served.serve("gateway", { more: { shutdown: { delaySeconds: 600, drainSeconds: 600 } } });
    gateway.kill("SIGTERM");
    await eventually("not ready", async () => (await gateway.health()).status === 503);
    expect(await gateway.end("SIGTERM")).to.equal(1);
  });
});
