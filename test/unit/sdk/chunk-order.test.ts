import { expect } from "chai";
import { ChunkOrder } from "../../../src/sdk/chunk-order.js";
import { ManualClock } from "../../support/manual-clock.js";

const NEVER = new AbortController().signal;

describe("ChunkOrder", () => {
  it("lets a chunk in when those before it have come through another gateway", async () => {
    const clock = new ManualClock();
    const order = new ChunkOrder(clock);
    let there = 0;
    let entered = false;
    const entering = order
      .enter("upload", 10, () => Promise.resolve(there), NEVER)
      .then((leave) => {
        entered = true;
        return leave;
      });
    await clock.advance(3_000);
    expect(entered).to.equal(false);
    there = 10;
    await clock.advance(1_000);
    (await entering)();
    expect(entered).to.equal(true);
  });

  it("refuses a chunk after a minute in which those before it have not come", async () => {
    const clock = new ManualClock();
    const entering = new ChunkOrder(clock)
      .enter("upload", 10, () => Promise.resolve(0), NEVER)
      .then(
        () => "entered",
        (error: unknown) => String(error),
      );
    await clock.advance(60_000);
    expect(await entering).to.contain("the chunks before this one have not come");
  });
});
