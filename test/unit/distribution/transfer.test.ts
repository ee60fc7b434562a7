import { expect } from "chai";
import { ThreadEncoder } from "../../../src/encoding/thread-encoder.js";
import type { CessAccount } from "../../../src/model/account.js";
import { alice, Bench, type BenchSettings } from "../../support/distribution-bench.js";

const node = (n: number) => `cXnode${n}`;

describe("Distribution: fragments on their way to storage nodes", () => {
  let bench: Bench;
  const open = async (settings: BenchSettings = {}) => {
    bench = await Bench.open(settings);
    await bench.start();
  };
  const keepers = async (key: string) => {
    const { fid } = (await bench.row(alice, key))!;
    return (await bench.chain.file(fid))!.segments[0]!.fragments.map((fragment) => fragment.node as string);
  };
  afterEach(() => bench.close());

  it("gives the index of a node that fails to another one", async () => {
    await open({ nodes: 14 });
    bench.nodes.faults.set(node(3), "down").set(node(7), "refusing");
    await bench.put(alice, "object", "bytes");
    await bench.untilState(alice, "object", "stored");
    expect(await keepers("object")).not.to.include.members([node(3), node(7)]);
    expect(new Set(await keepers("object")).size).to.equal(12);
    expect(bench.errors).to.deep.equal([]);
  });

  it("says what is missing when too few nodes are left, sends nothing twice, and goes on when one returns", async () => {
    await open({ nodes: 13 });
    bench.nodes.faults.set(node(1), "down").set(node(2), "down");
    await bench.put(alice, "object", "bytes");
    await bench.until("the failure is told", () => bench.failures.length >= 2);
    expect(bench.failures[0]).to.match(
      /^1 fragment indexes need a storage node each, 0 can be had: of 13 registered nodes .*2 failed just now; cXnode/,
    );
    await bench.until("eleven have reported", async () => (await bench.row(alice, "object"))?.reports === 11);
    expect(await bench.state(alice, "object")).to.equal("declared");
    bench.nodes.faults.clear();
    await bench.untilState(alice, "object", "stored");
    expect(bench.nodes.accepted).to.have.length(12);
  });

  it("goes on within ten seconds once all nodes are back, however long they were gone", async () => {
    // Ordinary failures would make the job wait for minutes.
    await open({ nodes: 14, distribution: { retryMinBlocks: 10_000, retryMaxBlocks: 1_000_000, putAttempts: 1 } });
    for (let n = 1; n <= 14; n++) bench.nodes.faults.set(node(n), "down");
    await bench.put(alice, "object", "bytes");
    for (let failures = 1; failures <= 6; failures++)
      await bench.until(`failure ${failures}`, () => bench.failures.length >= failures);
    bench.nodes.faults.clear();
    const before = bench.clock.now();
    await bench.untilState(alice, "object", "stored");
    expect(bench.clock.now() - before).to.be.below(10_000);
    expect(bench.known(node(3))?.failures ?? 0, "none of them is blamed for it").to.be.below(4);
  });

  it("passes over nodes that are not positive, too full, or have no usable endpoint", async () => {
    bench = await Bench.open({ nodes: 15 });
    bench.chain.set(({ nodes }) => {
      nodes.set(node(1), { ...nodes.get(node(1))!, state: "frozen" });
      nodes.set(node(2), { ...nodes.get(node(2))!, idleSpace: 8n * 1024n * 1024n - 1n });
      nodes.set(node(3), { ...nodes.get(node(3))!, endpoint: "ftp://somewhere" });
    });
    await bench.start();
    await bench.put(alice, "object", "bytes");
    await bench.untilState(alice, "object", "stored");
    expect(bench.nodes.accepted.map((entry) => entry.node)).not.to.include.members([node(1), node(2), node(3)]);
    expect(bench.metrics).to.include({ nodeFailures: 0 });
  });

  it("gives the index of a node that took its fragments and does not report to another one", async () => {
    await open({ nodes: 14 });
    const become = (state: "positive" | "frozen") =>
      bench.chain.set(({ nodes }) => nodes.set(node(14), { ...nodes.get(node(14))!, state }));
    bench.nodes.faults.set(node(1), "silent").set(node(2), "silent");
    // Of thirteen, twelve are taken: one of the two at least.
    become("frozen");
    await bench.put(alice, "object", "bytes");
    await bench.untilState(alice, "object", "placed");
    become("positive");
    await bench.untilState(alice, "object", "stored");
    expect(await keepers("object")).not.to.include.members([node(1), node(2)]);
    expect([1, 2].some((n) => (bench.known(node(n))?.missedReports ?? 0) > 0)).to.equal(true);
    expect(bench.known((await keepers("object"))[0]!)?.reports).to.equal(1);
  });

  it("blames no node while the chain stands still", async () => {
    await open({ nodes: 14 });
    for (let n = 1; n <= 14; n++) bench.nodes.faults.set(node(n), "silent");
    await bench.put(alice, "object", "bytes");
    await bench.untilState(alice, "object", "placed");
    bench.chain.stop();
    await bench.blocks(40);
    expect(bench.metrics).to.include({ reassignments: 0, fragmentsSent: 12 });
    bench.nodes.faults.clear();
    bench.chain.start(bench.clock, bench.blockMs);
    await bench.untilState(alice, "object", "stored");
  });

  it("takes an index away from a node that has reported another one", async () => {
    await open({ nodes: 14 });
    for (let n = 1; n <= 14; n++) bench.nodes.faults.set(node(n), "silent");
    await bench.put(alice, "object", "bytes");
    await bench.untilState(alice, "object", "placed");
    const row = (await bench.row(alice, "object"))!;
    const [first, second] = await bench.catalog.files.placements(row.id);
    bench.chain.report(second!.node as CessAccount, first!.index, row.fid);
    await bench.until("the report is saved", async () => (await bench.row(alice, "object"))?.reports === 1);
    bench.nodes.faults.clear();
    await bench.untilState(alice, "object", "stored");
    expect((await keepers("object"))[first!.index]).to.equal(second!.node);
    expect(new Set(await keepers("object")).size).to.equal(12);
  });

  it("sends fragments again when reports were forgotten and a node lost what it held", async () => {
    await open({ nodes: 12 });
    bench.nodes.faults.set(node(5), "silent");
    await bench.put(alice, "object", "bytes");
    await bench.untilState(alice, "object", "placed");
    bench.nodes.forget(node(5));
    bench.nodes.faults.clear();
    await bench.untilState(alice, "object", "stored");
    expect(bench.metrics["reassignments"]).to.be.at.least(1);
  });

  it("stops between steps when it is drained, aborts transfers at the deadline, and blames no job for it", async () => {
    await open({ nodes: 12 });
    bench.nodes.faults.set(node(5), "hanging");
    await bench.put(alice, "object", "bytes");
    await bench.until("eleven have their fragments", () => bench.nodes.accepted.length === 11);
    expect(await bench.stop(50)).to.deep.equal([]);
    expect(bench.nodes.sending).to.equal(0);
    expect(bench.failures).to.deep.equal([]);
    bench.nodes.faults.clear();
    await bench.start();
    await bench.untilState(alice, "object", "stored");
    expect(bench.nodes.accepted).to.have.length(12);
  });

  it("keeps its lease while a transfer takes longer than it", async () => {
    await open({ nodes: 12, distribution: { leaseMs: 150 } });
    bench.nodes.faults.set(node(5), "hanging");
    await bench.put(alice, "object", "bytes");
    await bench.until("eleven have their fragments", () => bench.nodes.accepted.length === 11);
    await bench.blocks(40);
    expect(await bench.catalog.jobs.lease(["store"], 1, 1)).to.deep.equal([]);
    expect(bench.nodes.accepted).to.have.length(11);
  });

  it("sends what the real encoder makes of a file of two segments", async () => {
    await open({ nodes: 12, encoder: new ThreadEncoder({ threads: 1 }) });
    const bytes = Buffer.alloc(32 * 1024 * 1024 + 5, "cess");
    await bench.put(alice, "big", bytes);
    await bench.untilState(alice, "big", "stored");
    expect(bench.nodes.accepted).to.have.length(24);
    expect(bench.metrics).to.include({ bytesSent: 24 * 8 * 1024 * 1024 });
    expect(await bench.sweep()).to.equal(0);
  });
});
