import { once } from "node:events";
import { createServer, get, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { RequestClient } from "../../../src/s3/request-client.js";

describe("The client of a request", () => {
  /** Answers one request by `answer`, and resolves when its response is closed. */
  async function serve(answer: (response: ServerResponse, client: RequestClient) => void, hangUp: boolean) {
    const server = createServer();
    await once(server.listen(0, "127.0.0.1"), "listening");
    try {
      const sent = get({ host: "127.0.0.1", port: (server.address() as AddressInfo).port, agent: false });
      sent.on("error", () => undefined).on("response", (received) => received.resume());
      const [, response] = (await once(server, "request")) as [unknown, ServerResponse];
      const client = new RequestClient(response);
      answer(response, client);
      if (hangUp) sent.destroy();
      await once(response, "close");
      return client;
    } finally {
      server.close();
    }
  }

  it("is gone when its connection ends before the answer, to who listens and to who asks later", async () => {
    let heard: unknown;
    const listened = await serve((_, { signal }) => {
      signal.addEventListener("abort", () => (heard = signal.reason as unknown));
    }, true);
    expect(listened.isGone).to.equal(true);
    expect(heard).to.be.an("error").with.property("message", "the client is gone");
    const asked = await serve(() => undefined, true);
    expect(asked.signal.aborted).to.equal(true);
    expect(asked.signal.reason).to.be.an("error").with.property("message", "the client is gone");
  });

  it("is not gone when it has its answer", async () => {
    const client = await serve((response) => response.end("all of it"), false);
    expect(client.isGone).to.equal(false);
    expect(client.signal.aborted).to.equal(false);
  });
});
