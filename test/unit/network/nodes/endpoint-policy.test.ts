import { expect } from "chai";
import { EndpointForbidden, EndpointPolicy, isPublicAddress } from "../../../../src/network/nodes/endpoint-policy.js";

describe("EndpointPolicy", () => {
  const refused = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.255",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fc00::1",
    "fd12::1",
    "ff02::1",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::a00:1",
    "2002:a00:1::1",
    "2001::1",
    "2001:db8::1",
    "fec0::1",
    "nonsense",
  ];
  const allowed = ["8.8.8.8", "172.32.0.1", "100.128.0.1", "192.169.0.1", "2606:4700::1111", "2a00:1450:4001::200e"];

  for (const address of refused) {
    it(`takes ${address} for no public address`, () => expect(isPublicAddress(address)).to.equal(false));
  }
  for (const address of allowed) {
    it(`takes ${address} for a public address`, () => expect(isPublicAddress(address)).to.equal(true));
  }

  it("refuses an address written in any of the ways URLs know", () => {
    const policy = new EndpointPolicy({ allowPrivate: false });
    for (const host of [
      "127.1",
      "2130706433",
      "0x7f000001",
      "0177.0.0.1",
      "[::1]",
      "[0:0::ffff:7f00:1]",
      "10.0.0.1.",
    ]) {
      expect(() => policy.parse(`http://${host}:80`), host).to.throw(EndpointForbidden);
    }
  });

  it("judges a name by what it resolves to at the time of connecting, in both forms of the look-up", async () => {
    const ask = (allowPrivate: boolean, all: boolean) =>
      new Promise<unknown>((resolve) => {
        new EndpointPolicy({ allowPrivate }).lookup("localhost", { all }, (error, address) =>
          resolve(error ?? address),
        );
      });
    expect(await ask(false, true)).to.be.instanceOf(EndpointForbidden);
    expect(await ask(false, false)).to.be.instanceOf(EndpointForbidden);
    expect(await ask(true, true)).to.be.an("array").that.is.not.empty;
    expect(await ask(true, false)).to.be.a("string");
  });
});
