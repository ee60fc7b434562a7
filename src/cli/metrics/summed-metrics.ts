import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue, type Registry } from "prom-client";
import type { MetricsText } from "../../admin/admin-server.js";

/** The metrics of one process, as its registry gives them as JSON. */
export type ProcessMetrics = readonly MetricObjectWithValues<MetricValue<string>>[];

/** Another process whose metrics are asked for. */
export interface MeasuredProcess {
  /** Rejects where it does not answer. */
  read(): Promise<ProcessMetrics>;
}

/**
 * The metrics of several processes as those of one gateway. What a process counted before it ended still counts, as far as
 * it was asked: a sum that fell would look like a restart of all.
 */
export class SummedMetrics implements MetricsText {
  private readonly last = new Map<MeasuredProcess, ProcessMetrics>();
  private gone: ProcessMetrics = [];

  constructor(
    private readonly own: Registry,
    private readonly others: () => readonly MeasuredProcess[],
  ) {}

  get contentType(): string {
    return this.own.contentType;
  }

  async metrics(): Promise<string> {
    return (await this.registry()).metrics();
  }

  /** All of them at this moment. */
  async registry(): Promise<Registry> {
    const others = this.others();
    await Promise.all(
      others.map(async (process) => {
        const metrics = await process.read().catch(() => undefined);
        if (metrics) this.last.set(process, metrics);
      }),
    );
    await this.remember(new Set(others));
    // The first has the word on how its values are summed up.
    const own = (await this.own.getMetricsAsJSON()) as unknown as ProcessMetrics;
    return sum([own.map(kept), this.gone, ...this.last.values()]);
  }

  private async remember(others: ReadonlySet<MeasuredProcess>): Promise<void> {
    for (const [process, metrics] of [...this.last]) {
      if (others.has(process)) continue;
      this.last.delete(process);
      const counted = metrics.filter(({ type }) => COUNTED.has(String(type)));
      this.gone = await sum([this.gone, counted]).getMetricsAsJSON();
    }
  }
}

const COUNTED: ReadonlySet<string> = new Set(["counter", "histogram"]);

/** prom-client leaves out what cannot be summed, such as the time of the start: this process's own is shown. */
function kept(metric: ProcessMetrics[number]): ProcessMetrics[number] {
  return metric.aggregator === "omit" ? { ...metric, aggregator: "first" } : metric;
}

function sum(all: readonly ProcessMetrics[]): Registry {
  return AggregatorRegistry.aggregate(all as unknown as object[]);
}
