import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { SignUpHandler } from "../../../src/sign-up/sign-up-handler.js";

describe("The HTTP side of sign-up", () => {
  let server: Server;
  const faults: object[] = [];

  before(async () => {
    const failing = { challenge: () => Promise.reject(new Error("a bug")) };
    const handler = new SignUpHandler(
      {
        service: failing as never,
        authorizations: failing as never,
        log: { warn: (fields) => void faults.push(fields) },
        addressOf: () => "10.0.0.1",
        rate: { take: () => 0 },
      },
      { origins: [], bodyMs: 50 },
    );
    server = createServer((request, response) => {
      const gone = new AbortController();
      response.once("close", () => gone.abort());
      void handler.handle(request, response, gone.signal);
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
  });
  after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  /** What is answered to these bytes, until the connection is closed. */
  async function answerTo(head: string): Promise<string> {
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    socket.write(head.replaceAll("\n", "\r\n"));
    return text(socket);
  }

  const head = "POST /v1/challenges HTTP/1.1\nhost: x\ncontent-type: application/json\n";

  it("waits for a body only so long, answers, and closes the connection", async () => {
    const answer = await answerTo(`${head}content-length: 100\n\n{"account":`);
    expect(answer).to.match(/^HTTP\/1\.1 408 /);
    expect(answer)
      .to.contain('"code":"RequestTimeout"')
      .and.to.match(/connection: close/i);
    expect(faults).to.deep.equal([]);
  });

  it("refuses a body that is too long before it arrives, and in chunks", async () => {
    expect(await answerTo(`${head}content-length: 100000\n\n`)).to.match(/^HTTP\/1\.1 413 /);
    const chunk = `2000\n${"x".repeat(0x2000)}\n`;
    expect(await answerTo(`${head}transfer-encoding: chunked\n\n${chunk}${chunk}`)).to.match(/^HTTP\/1\.1 413 /);
  });

  it("tells nothing of its own failures, and logs them", async () => {
    const account = "cXfyomKDABfehLkvARFE854wgDJFMbsxwAJEHezRb6mfcAi2y";
    const body = JSON.stringify({ account });
    const answer = await answerTo(`${head}connection: close\ncontent-length: ${body.length}\n\n${body}`);
    expect(answer).to.match(/^HTTP\/1\.1 500 /);
    expect(answer).to.contain("InternalError").and.not.to.contain("a bug");
    expect(String((faults[0] as { err: unknown }).err)).to.contain("a bug");
  });
});
