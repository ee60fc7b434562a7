import { expect } from "chai";
import { Hangup } from "../../../src/cli/hangup.js";
import { settle } from "../../support/manual-clock.js";

describe("SIGHUP", () => {
  let before: readonly NodeJS.SignalsListener[];
  beforeEach(() => (before = process.listeners("SIGHUP")));
  afterEach(() => {
    for (const listener of process.listeners("SIGHUP")) if (!before.includes(listener)) process.off("SIGHUP", listener);
  });
  const hangUp = () => process.emit("SIGHUP");

  it("is answered once there is something to reload, and by one more reload when it comes during one", async () => {
    const hangup = new Hangup();
    hangUp();
    const ends: (() => void)[] = [];
    hangup.reloads(() => new Promise((resolve) => ends.push(resolve)));
    await settle();
    expect(ends).to.have.length(1);
    for (let n = 0; n < 3; n++) hangUp();
    await settle();
    expect(ends, "one at a time").to.have.length(1);
    ends[0]?.();
    await settle();
    expect(ends).to.have.length(2);
    ends[1]?.();
    await settle();
    expect(ends).to.have.length(2);
    hangUp();
    await settle();
    expect(ends).to.have.length(3);
  });
});
