import { expect } from "chai";
import { RequestGuard } from "../../../src/admin/request-guard.js";

describe("The admin endpoint's guard", () => {
  const guard = new RequestGuard(["Gateway.internal", "cess_s3", "0.0.0.0"]);

  it("answers to IP addresses, localhost and its own names, on whatever port they are forwarded from", () => {
    for (const host of [
      "127.0.0.1:9001",
      "10.244.1.17:9001",
      "192.0.2.1",
      "[::1]:9001",
      "[2001:db8::7]",
      "localhost",
      "LocalHost:8080",
      "localhost.:9001",
      "gateway.internal:9001",
      "GATEWAY.INTERNAL",
      "cess_s3:9001",
    ])
      expect(guard.refusal({ host }), host).to.equal(undefined);
  });

  it("refuses every other name, as DNS rebinding sends one, and says how to allow it", () => {
    for (const host of [
      "attacker.example",
      "attacker.example:9001",
      "localhost.attacker.example",
      "127.0.0.1.attacker.example",
      "x.gateway.internal",
      "gateway.internal.attacker.example",
      "user@localhost",
      "localhost/x",
      "localhost, attacker.example",
      "2130706433",
      "127.1",
      "[::1]attacker.example",
      "[attacker.example]",
      "::1",
      " localhost",
    ])
      expect(guard.refusal({ host }), host).to.contain(JSON.stringify(host)).and.contain("CESS_S3_ADMIN_NAMES");
  });

  it("answers HTTP/1.0 requests without Host: load balancers' probes send them, and no browser does", () => {
    expect(guard.refusal({})).to.equal(undefined);
    expect(guard.refusal({ host: "" })).to.equal(undefined);
    expect(guard.refusal({ origin: "http://attacker.example" })).to.contain("Origin");
  });

  it("takes an Origin of the endpoint itself alone: same host, same port", () => {
    const host = "127.0.0.1:9001";
    for (const origin of ["http://127.0.0.1:9001", "https://127.0.0.1:9001"])
      expect(guard.refusal({ host, origin }), origin).to.equal(undefined);
    expect(guard.refusal({ host: "gateway.internal", origin: "https://gateway.internal" })).to.equal(undefined);
    for (const origin of [
      "http://attacker.example",
      "http://127.0.0.1:3000",
      "http://127.0.0.1",
      "http://localhost:9001",
      "http://127.0.0.1:9001.attacker.example",
      "null",
      "",
      "file://",
      "chrome-extension://abc",
    ])
      expect(guard.refusal({ host, origin }), origin).to.contain("Origin");
  });

  it("refuses what a browser says that a page of another site sends", () => {
    const host = "127.0.0.1:9001";
    for (const site of ["cross-site", "same-site", "of a later standard"])
      expect(guard.refusal({ host, "sec-fetch-site": site }), site).to.contain("Sec-Fetch-Site");
    for (const site of ["same-origin", "none"])
      expect(guard.refusal({ host, "sec-fetch-site": site })).to.equal(undefined);
  });
});
