import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { IncomingBody } from "../../../src/s3/incoming.js";
import type { S3Response } from "../../../src/s3/operation.js";
import { send } from "../../../src/s3/send.js";

const settings = { keepAliveMs: 1000, readIdleMs: 1000 };

describe("Answers", () => {
  let answer: S3Response;
  let server: Server;
  before(async () => {
    server = createServer((request, response) => {
      void send(
        { request, response, body: new IncomingBody(request, response, 1000), headers: {}, sent: 0 },
        answer,
        { Server: "s" },
        settings,
      );
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  after(() => server.close());

  it("leave out a header that earlier versions stored and HTTP cannot send, and go out with the others", async () => {
    answer = {
      status: 200,
      headers: {
        "x-amz-website-redirect-location": "/x\r\nevil: 1",
        "x-amz-abort-rule-id": "a\u0001b",
        "x-amz-meta-a b": "2",
        "x-amz-meta-c\r\nevil": "3",
        "x-amz-meta-d": "grün\t",
        "Content-Type": "text/plain",
      },
      body: "the object",
    };
    for (const method of ["GET", "HEAD"]) {
      const got = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { method });
      expect([got.status, await got.text()]).to.deep.equal([200, method === "GET" ? "the object" : ""]);
      const names = [...got.headers.keys()].filter(
        (name) => !/^(connection|content-length|date|keep-alive)$/.test(name),
      );
      expect(names).to.have.members(["content-type", "server", "x-amz-meta-d"]);
    }
  });
});
