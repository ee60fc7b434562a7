import { once } from "node:events";
import { connect } from "node:net";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { expect } from "chai";
import { eventually } from "../../support/eventually.js";
import { S3Endpoint } from "../../support/s3-endpoint.js";

/** More than the sockets' buffers on both sides take. */
const SIZE = 32 * 1024 * 1024;

describe("A client that reads nothing of an answer", () => {
  const endpoint = new S3Endpoint();
  before(() => endpoint.start({ readIdleMs: 300 }));
  after(() => endpoint.stop());

  it("is cut off, and the failure is told", async () => {
    await endpoint.client.send(new CreateBucketCommand({ Bucket: "stalled" }));
    await endpoint.client.send(new PutObjectCommand({ Bucket: "stalled", Key: "big", Body: Buffer.alloc(SIZE, 1) }));
    const url = new URL(await getSignedUrl(endpoint.client, new GetObjectCommand({ Bucket: "stalled", Key: "big" })));
    const socket = connect(Number(url.port), url.hostname);
    socket.pause();
    socket.write(`GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`);
    await eventually("the failure is told", () => endpoint.failures.length > 0);
    expect(endpoint.failures.map((fields) => String((fields as { err?: unknown }).err))).to.deep.equal([
      "Error: the client reads nothing",
    ]);
    let received = 0;
    socket.on("data", (bytes) => (received += bytes.length));
    socket.on("error", () => undefined);
    socket.resume();
    await once(socket, "close");
    expect(received).to.be.below(SIZE);
  });
});
