import { expect } from "chai";
import { NodeHistory } from "../../../../src/cli/gateway/node-history.js";
import type { NodeRow } from "../../../../src/network/nodes/persistent-node-registry.js";

const MINUTE = 60_000;
const BEGIN = Date.parse("2026-01-05T10:00:00Z");

describe("A storage node's last hour", () => {
  let rows: NodeRow[];
  let history: NodeHistory;
  const row = (account: string, failures: number, quality = 1, p50Ms?: number) =>
    ({
      account,
      registered: true,
      quality,
      failures,
      reports: 0,
      put: { count: 1, ...(p50Ms !== undefined && { p50Ms }) },
      get: { count: 0 },
    }) as NodeRow;
  beforeEach(() => {
    rows = [];
    history = new NodeHistory(() => rows);
  });

  it("has a sample a minute, with what was known then", () => {
    rows = [row("a", 0)];
    history.take(BEGIN);
    rows = [row("a", 9)];
    history.take(BEGIN + MINUTE - 1);
    rows = [row("a", 2, 0.5, 80)];
    history.take(BEGIN + MINUTE);
    expect(history.samples("a")).to.deep.equal([
      { time: "2026-01-05T10:00:00.000Z", quality: 1, failures: 0 },
      { time: "2026-01-05T10:01:00.000Z", quality: 0.5, putMs: 80, failures: 2 },
    ]);
    expect(history.samples("b")).to.deep.equal([]);
  });

  it("forgets what is older, nodes that are gone, and never begins with those that it had nothing to do with", () => {
    const idle = { ...row("idle", 0), put: { count: 0 } } as NodeRow;
    for (let n = 0; n < 100; n++) {
      rows = [...(n < 50 ? [row("early", n)] : []), ...(n < 70 ? [] : [row("late", n)]), row("a", n), idle];
      history.take(BEGIN + n * MINUTE);
    }
    const failures = (account: string) => history.samples(account).map((each) => each.failures);
    expect(failures("a")).to.deep.equal(Array.from({ length: 60 }, (_, n) => 40 + n));
    expect(failures("late")).to.deep.equal(Array.from({ length: 30 }, (_, n) => 70 + n));
    expect(failures("early")).to.deep.equal([]);
    expect(failures("idle")).to.deep.equal([]);
  });

  it("goes on after the clock was set back", () => {
    rows = [row("a", 1)];
    history.take(BEGIN);
    history.take(BEGIN - 3_600_000);
    expect(history.samples("a")).to.have.length(2);
  });
});
