import { expect } from "chai";
import { RateLimiter } from "../../../../src/network/nodes/rate-limiter.js";
import { ManualClock, settle } from "../../../support/manual-clock.js";

describe("RateLimiter", () => {
  it("lets no more through than its rate, whoever asks, and makes nothing wait that need not", async () => {
    const clock = new ManualClock();
    const pace = new RateLimiter(1_000, clock);
    const sent: number[] = [];
    for (const bytes of [500, 250, 250]) void pace.take(bytes).then(() => sent.push(bytes));
    await settle();
    expect(sent).to.deep.equal([500]);
    await clock.advance(499);
    expect(sent).to.deep.equal([500]);
    await clock.advance(1);
    expect(sent).to.deep.equal([500, 250]);
    await clock.advance(250);
    expect(sent).to.deep.equal([500, 250, 250]);
    await clock.advance(10_000);
    void pace.take(1).then(() => sent.push(1));
    await settle();
    expect(sent).to.have.length(4);
    expect(clock.sleeping).to.equal(0);
  });

  it("lets a waiting sender leave", async () => {
    const clock = new ManualClock();
    const pace = new RateLimiter(1, clock);
    await pace.take(100);
    const controller = new AbortController();
    const left = pace.take(1, controller.signal).then(() => "sent", String);
    controller.abort(new Error("enough"));
    expect(await left).to.equal("Error: enough");
  });
});
