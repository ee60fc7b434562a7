import { expect } from "chai";
import { listen } from "../../../src/cli/listen.js";
import { ConfigError } from "../../../src/config/config-error.js";

describe("A listener", () => {
  const failing = (code: string | undefined) => ({
    listen: () => Promise.reject(Object.assign(new Error("listen failed"), code === undefined ? {} : { code })),
  });
  const reason = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: unknown) => error,
    );

  it("has the URL of the port that it got", async () => {
    const server = { listen: () => Promise.resolve({ port: 4711 }) };
    expect(await listen("listen", server, { host: "127.0.0.1", port: 0 })).to.equal("http://127.0.0.1:4711");
    expect(await listen("listen", server, { host: "::1", port: 0 })).to.equal("http://[::1]:4711");
  });

  it("says which setting has an address that the system refuses, and what to choose", async () => {
    for (const [code, expected] of [
      ["EADDRINUSE", "something listens there already"],
      ["EADDRNOTAVAIL", "this machine does not have that address"],
      ["EACCES", "choose one above 1023"],
      ["ENOTFOUND", "there is no such host name"],
    ] as const) {
      const error = await reason(listen("adminListen", failing(code), { host: "::1", port: 80 }));
      expect(error).to.be.instanceOf(ConfigError);
      expect((error as Error).message)
        .to.contain("adminListen: cannot listen on [::1]:80: ")
        .and.contain(expected);
    }
  });

  it("passes on what is no matter of the address", async () => {
    const error = await reason(listen("listen", failing(undefined), { host: "127.0.0.1", port: 80 }));
    expect(error).to.not.be.instanceOf(ConfigError);
    expect((error as Error).message).to.equal("listen failed");
  });
});
