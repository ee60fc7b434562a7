import { expect } from "chai";
import { clientNetwork, ConfiguredRates } from "../../../../src/cli/gateway/request-rates.js";
import { ManualClock } from "../../../support/manual-clock.js";

const off = { requestsPerSecond: 0 };

describe("The configured rates of requests", () => {
  const burst = (take: () => number) => {
    let count = 0;
    while (count < 100 && take() === 0) count++;
    return count;
  };

  it("are off by default, and allow five seconds' requests at once unless a burst is set", () => {
    const clock = new ManualClock();
    const without = new ConfiguredRates(clock, { perKey: off, perAddress: off });
    expect(burst(() => without.key("A"))).to.equal(100);
    const rates = new ConfiguredRates(clock, {
      perKey: { requestsPerSecond: 4 },
      perAddress: { requestsPerSecond: 0.1, burst: 3 },
    });
    expect([burst(() => rates.key("A")), burst(() => rates.key("B"))]).to.deep.equal([20, 20]);
    expect(burst(() => rates.address("10.0.0.1"))).to.equal(3);
    expect(rates.address("10.0.0.1")).to.equal(10_000);
    expect(rates.refused).to.deep.equal({ key: 2, address: 2 });
    rates.configure({ perKey: off, perAddress: off });
    expect([rates.key("A"), rates.address("10.0.0.1")]).to.deep.equal([0, 0]);
  });

  it("count the addresses of an IPv6 network as one client, however they are written", () => {
    expect(clientNetwork("2001:db8:1:2::1")).to.equal("2001:db8:1:2::/64");
    expect(clientNetwork("2001:0DB8:0001:0002:ffff:0:0:9")).to.equal("2001:db8:1:2::/64");
    expect(clientNetwork("2001:db8::1")).to.equal("2001:db8:0:0::/64");
    expect(clientNetwork("fe80::1%eth0")).to.equal("fe80:0:0:0::/64");
    expect(clientNetwork("::1")).to.equal("0:0:0:0::/64");
    expect(clientNetwork("10.1.2.3")).to.equal("10.1.2.3");
    expect(clientNetwork("x".repeat(5000))).to.have.length(64);
  });
});
