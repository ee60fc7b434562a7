import { Agent, request } from "node:http";
import { expect } from "chai";
import { Drain } from "../../../src/s3/drain.js";
import { S3Endpoint } from "../../support/s3-endpoint.js";

describe("A server that is about to end", () => {
  const endpoint = new S3Endpoint();
  const drain = new Drain();
  /** One connection for all. */
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  before(() => endpoint.start({}, { drain }));
  after(async () => {
    agent.destroy();
    await endpoint.stop();
  });

  const ask = (path: string) =>
    new Promise<unknown[]>((resolve, reject) => {
      const sent = request({ port: endpoint.port, host: "127.0.0.1", path, agent }, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        answer.on("end", () =>
          resolve([
            answer.statusCode,
            answer.headers.connection,
            /<Code>(.*)<\/Code>/.exec(text)?.[1],
            sent.reusedSocket,
          ]),
        );
      });
      sent.on("error", reject).end();
    });

  it("serves on, tells clients to close their connections, and then refuses new requests on open ones", async () => {
    expect(await ask("/nothing")).to.deep.equal([404, "keep-alive", "NoSuchBucket", false]);
    drain.begin();
    expect(await ask("/nothing")).to.deep.equal([404, "close", "NoSuchBucket", true]);
    expect(await ask("/nothing"), "on a new connection").to.deep.equal([404, "close", "NoSuchBucket", false]);
    drain.refuse();
    expect(await ask("/nothing")).to.deep.equal([503, "close", "ServiceUnavailable", false]);
    expect(endpoint.failures).to.deep.equal([]);
  });
});
