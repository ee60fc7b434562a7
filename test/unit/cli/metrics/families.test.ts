import { expect } from "chai";
import { Registry } from "prom-client";
import { counter, gauge, labelledCounter, labelledGauge, sampledGauge } from "../../../../src/cli/metrics/families.js";
import { Remembered } from "../../../../src/cli/metrics/remembered.js";
import { familiesOf } from "../../../support/metric-families.js";

describe("Metric families", () => {
  const lines = async (registry: Registry) => (await registry.metrics()).split("\n").filter((line) => /^\w/.test(line));

  it("are read anew at each scrape, and forget labels that are gone", async () => {
    const registry = new Registry();
    let values: Record<string, number> = { a: 1, b: 2 };
    labelledGauge(registry, "g", "A gauge", () => values, "of");
    labelledCounter(registry, "c_total", "A counter", () => Promise.resolve(values), "of");
    expect(await lines(registry)).to.deep.equal([
      'g{of="a"} 1',
      'g{of="b"} 2',
      'c_total{of="a"} 1',
      'c_total{of="b"} 2',
    ]);
    values = { b: 5 };
    expect(await lines(registry)).to.deep.equal(['g{of="b"} 5', 'c_total{of="b"} 5']);
  });

  it("show no sample where nothing is known, and several labels where there are some", async () => {
    const registry = new Registry();
    const known: { value?: number } = {};
    gauge(registry, "g", "A gauge", () => known.value);
    counter(registry, "c_total", "A counter", () => 7);
    sampledGauge(registry, "s", "Samples", ["x", "y"], () => [{ labels: { x: "1", y: "2" }, value: 3 }]);
    expect(await lines(registry)).to.deep.equal(["c_total 7", 's{x="1",y="2"} 3']);
    known.value = 0;
    expect(await lines(registry)).to.include("g 0");
    expect(familiesOf(await registry.metrics()).map(({ name, type, help }) => [name, type, help])).to.deep.equal([
      ["g", "gauge", "A gauge"],
      ["c_total", "counter", "A counter"],
      ["s", "gauge", "Samples"],
    ]);
  });
});

describe("What is remembered", () => {
  it("is found out again no sooner than twenty times as long after it as it took", async () => {
    let now = 0;
    let found = 0;
    const remembered = new Remembered(
      () => {
        now += 50;
        return Promise.resolve(++found);
      },
      () => now,
    );
    expect(await Promise.all([remembered.get(), remembered.get()]), "asked at once").to.deep.equal([1, 1]);
    now += 999;
    expect(await remembered.get()).to.equal(1);
    now += 1;
    expect(await remembered.get()).to.equal(2);
  });

  it("is found out again after a failure", async () => {
    let fails = true;
    const remembered = new Remembered(() => (fails ? Promise.reject(new Error("busy")) : Promise.resolve(1)));
    const failure = await remembered.get().catch((error: unknown) => (error as Error).message);
    expect(failure).to.equal("busy");
    fails = false;
    expect(await remembered.get()).to.equal(1);
  });
});
