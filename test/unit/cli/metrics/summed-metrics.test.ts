import { expect } from "chai";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import {
  SummedMetrics,
  type MeasuredProcess,
  type ProcessMetrics,
} from "../../../../src/cli/metrics/summed-metrics.js";

class GivenProcess implements MeasuredProcess {
  readonly registry = new Registry();
  readonly requests = new Counter({
    name: "requests_total",
    help: "r",
    labelNames: ["op"],
    registers: [this.registry],
  });
  readonly open = new Gauge({ name: "open", help: "o", registers: [this.registry] });
  readonly ms = new Histogram({ name: "ms", help: "m", buckets: [1, 10], registers: [this.registry] });
  answers = true;
  async read(): Promise<ProcessMetrics> {
    if (!this.answers) throw new Error("it does not answer");
    return await this.registry.getMetricsAsJSON();
  }
}

describe("The metrics of several processes", () => {
  let own: GivenProcess;
  let others: GivenProcess[];
  let summed: SummedMetrics;
  beforeEach(() => {
    own = new GivenProcess();
    others = [new GivenProcess(), new GivenProcess()];
    summed = new SummedMetrics(own.registry, () => others);
    for (const [n, each] of others.entries()) {
      each.requests.inc({ op: "put" }, n + 1);
      each.open.set(5);
      each.ms.observe(3);
    }
  });
  const samples = async () =>
    (await summed.metrics()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));

  it("are the sums of all, by label", async () => {
    others[1]?.requests.inc({ op: "get" }, 7);
    const lines = await samples();
    expect(lines).to.include('requests_total{op="put"} 3').and.include('requests_total{op="get"} 7');
    expect(lines).to.include("open 10").and.include('ms_bucket{le="10"} 2').and.include("ms_count 2");
  });

  it("do not fall when a process ends: what it had counted still counts, what it had open does not", async () => {
    await samples();
    others.pop();
    const lines = await samples();
    expect(lines).to.include('requests_total{op="put"} 3').and.include("ms_count 2").and.include("open 5");
    const fresh = new GivenProcess();
    fresh.requests.inc({ op: "put" });
    others.push(fresh);
    expect(await samples()).to.include('requests_total{op="put"} 4');
    others.pop();
    others.pop();
    expect(await samples())
      .to.include('requests_total{op="put"} 4')
      .and.include("open 0");
  });

  it("are the last ones of a process that does not answer in time", async () => {
    await samples();
    const [silent] = others;
    if (silent) silent.answers = false;
    others[1]?.requests.inc({ op: "put" });
    expect(await samples())
      .to.include('requests_total{op="put"} 4')
      .and.include("open 10");
  });

  it("show of what cannot be summed this process's own", async () => {
    new Gauge({ name: "started", help: "s", aggregator: "omit", registers: [own.registry] }).set(1);
    for (const each of others)
      new Gauge({ name: "started", help: "s", aggregator: "omit", registers: [each.registry] }).set(9);
    expect(await samples()).to.include("started 1");
  });
});
