import { expect } from "chai";
import { gatewayEndpoint } from "../../../../src/network/chain/gateway-register.js";

describe("gatewayEndpoint", () => {
  it("is the domain as a URL", () => {
    expect(gatewayEndpoint("https://gateway.example.com/cess", "")).to.equal("https://gateway.example.com/cess");
    expect(gatewayEndpoint(" gateway.example.com ", "")).to.equal("http://gateway.example.com");
    expect(gatewayEndpoint("192.0.2.7:8080", "")).to.equal("http://192.0.2.7:8080");
    expect(gatewayEndpoint("[2001:db8::1]:80", "")).to.equal("http://[2001:db8::1]:80");
  });

  it("is the peer id where that is an address and the domain is none", () => {
    expect(gatewayEndpoint("", "http://192.0.2.7:8080")).to.equal("http://192.0.2.7:8080");
    expect(gatewayEndpoint("none", "gateway.example.com")).to.equal("http://gateway.example.com");
  });

  it("is nothing where neither is an address", () => {
    for (const domain of [
      "",
      "none",
      "ftp://x.example.com",
      "a b.example.com",
      "http://",
      "javascript:alert(1)",
      "x.example.com:999999",
    ])
      expect(gatewayEndpoint(domain, "12D3KooWSzPkbpZ8Qw4nTTEVVQwwYg6SYt4hHbCeUJ"), domain).to.equal(undefined);
  });
});
