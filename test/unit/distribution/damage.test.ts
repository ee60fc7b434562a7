import { expect } from "chai";
import { unlink } from "node:fs/promises";
import { ThreadEncoder } from "../../../src/encoding/thread-encoder.js";
import { alice, Bench, type BenchSettings } from "../../support/distribution-bench.js";
import { damageBlob } from "../../support/damage-blob.js";

const node = (n: number) => `cXnode${n}`;

describe("Distribution: staged bytes that are damaged", () => {
  let bench: Bench;
  const open = async (settings: BenchSettings = {}) => {
    bench = await Bench.open(settings);
  };
  afterEach(() => bench.close());

  const blob = async (key: string) => {
    const version = (await bench.catalog.objects.get("alice", key))!;
    return (await bench.catalog.objects.blobs(version.id))[0]!.blob;
  };
  const damage = async (key: string) => damageBlob(bench.blobs, await blob(key), 2);
  const blamed = () =>
    Array.from({ length: 14 }, (_, n) => bench.known(node(n + 1))).filter((row) => (row?.failures ?? 0) > 0);
  const authorize = (allowed: boolean) =>
    bench.chain.set(({ authorizers }) => {
      if (allowed) authorizers.add(alice.cessAccount);
      else authorizers.delete(alice.cessAccount);
    });
  const untilDamaged = async (key: string) => {
    await bench.untilState(alice, key, "damaged");
    await bench.noJobs();
    expect((await bench.catalog.objects.get("alice", key))?.durability.failure).to.be.a("string");
    expect(blamed()).to.deep.equal([]);
    expect(bench.errors).to.deep.equal([]);
  };

  for (const [what, harm] of [
    ["flipped", damage],
    ["gone", async (key: string) => unlink(bench.blobs.where(await blob(key)))],
  ] as const) {
    it(`ends the coding of an object whose bytes are ${what}, for good, and the next one is stored`, async () => {
      await open({ encoder: new ThreadEncoder({ threads: 1, onDamage: (found) => bench.onDamage(found) }) });
      await bench.put(alice, "object", "bytes");
      await bench.put(alice, "other", Buffer.alloc(100_000, "o"));
      await harm("object");
      await bench.start();
      await untilDamaged("object");
      await bench.untilState(alice, "other", "stored");
      expect(bench.chain.log.filter((line) => line.startsWith("declare"))).to.have.length(1);
    });
  }

  it("orders nothing of a file whose bytes were damaged after it was coded", async () => {
    await open();
    authorize(false);
    await bench.start();
    await bench.put(alice, "object", "bytes");
    await bench.until("the order waits", () => bench.failures.length > 0);
    await damage("object");
    authorize(true);
    await untilDamaged("object");
    expect(bench.chain.pendingDeals()).to.deep.equal([]);
    expect(bench.nodes.accepted).to.deep.equal([]);
    await bench.remove(alice, "object");
    await bench.until("the file is forgotten", async () => {
      const { failed } = await bench.catalog.files.countByState();
      return failed === 0;
    });
    expect(await bench.sweep()).to.equal(0);
  });

  it("sends nothing of a file whose bytes were damaged after it was ordered, and blames no node", async () => {
    await open({ nodes: 14 });
    const become = (state: "positive" | "frozen") =>
      bench.chain.set(({ nodes }) => {
        for (const n of [12, 13, 14]) nodes.set(node(n), { ...nodes.get(node(n))!, state });
      });
    become("frozen");
    await bench.start();
    await bench.put(alice, "object", "bytes");
    await bench.until("eleven have their fragments", () => bench.nodes.accepted.length === 11);
    await damage("object");
    become("positive");
    await untilDamaged("object");
    expect(bench.nodes.accepted).to.have.length(11);

    // The same bytes again bring the deal to its end.
    await bench.put(alice, "again", "bytes");
    await bench.untilState(alice, "again", "stored");
    expect(await bench.state(alice, "object"), "the network has its bytes as well").to.equal("stored");
    expect(await bench.catalog.damages.count()).to.equal(0);
    expect(blamed()).to.deep.equal([]);
  });

  it("brings the deal to its end with the same bytes, put after the damaged object was deleted", async () => {
    await open({ nodes: 14 });
    const become = (state: "positive" | "frozen") =>
      bench.chain.set(({ nodes }) => {
        for (const n of [12, 13, 14]) nodes.set(node(n), { ...nodes.get(node(n))!, state });
      });
    become("frozen");
    await bench.start();
    await bench.put(alice, "object", "bytes");
    await bench.until("eleven have their fragments", () => bench.nodes.accepted.length === 11);
    await damage("object");
    become("positive");
    await untilDamaged("object");
    await bench.remove(alice, "object");
    await bench.until("the deletion waits for the deal", async () => {
      const { deleting } = await bench.catalog.files.countByState();
      return deleting === 1;
    });
    expect(await bench.sweep(), "no staged bytes wait with it").to.equal(0);
    await bench.put(alice, "again", "bytes");
    await bench.untilState(alice, "again", "stored");
    await bench.noJobs();
    expect(bench.chain.pendingDeals()).to.deep.equal([]);
  });
});
