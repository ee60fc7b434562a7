import { expect } from "chai";
import type { AuditRecord } from "../../../src/admin/audit-log.js";
import { RefusedTokens } from "../../../src/admin/refused-tokens.js";
import { ManualClock, settle } from "../../support/manual-clock.js";

describe("The record of wrong tokens", () => {
  let clock: ManualClock;
  let records: AuditRecord[];
  let refused: RefusedTokens;
  beforeEach(() => {
    clock = new ManualClock();
    records = [];
    refused = new RefusedTokens({ clock, audit: { record: (record) => Promise.resolve(void records.push(record)) } });
  });
  afterEach(() => refused.close());

  it("has at most one entry a minute, which names some addresses and counts the others", async () => {
    for (let minute = 0; minute < 3; minute++) {
      for (let n = 0; n < 5000; n++) refused.note(`10.0.${n >> 8}.${n & 255}`);
      await settle();
      await clock.advance(60_000);
    }
    expect(records).to.have.length(4);
    expect(records[0]?.details).to.deep.equal({ attempts: { "10.0.0.0": 1 } });
    const { attempts, fromOtherAddresses } = records[2]?.details as {
      readonly attempts: Readonly<Record<string, number>>;
      readonly fromOtherAddresses: number;
    };
    expect([Object.keys(attempts).length, fromOtherAddresses]).to.deep.equal([20, 4980]);
    expect(JSON.stringify(records[2]).length).to.be.lessThan(2000);
  });

  it("has the next one at once after a minute without", async () => {
    refused.note("10.0.0.1");
    await settle();
    await clock.advance(60_000);
    expect(clock.sleeping).to.equal(0);
    refused.note("10.0.0.2");
    await settle();
    expect(records.map(({ by }) => by)).to.deep.equal(["10.0.0.1", "10.0.0.2"]);
  });

  it("is whole when the listener closes, and waits for nothing then", async () => {
    refused.note("10.0.0.1");
    refused.note("10.0.0.2");
    await refused.close();
    refused.note("10.0.0.3");
    await refused.close();
    expect(records.map(({ by }) => by)).to.deep.equal(["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
    expect(clock.sleeping).to.equal(0);
  });
});
