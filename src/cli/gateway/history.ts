import type { Registry } from "prom-client";
import { pause } from "../../async/timer.js";
import type { Clock } from "../../model/clock.js";
import type { SampleAnswer } from "../admin-answers.js";

/** Between two samples, ms; and how many are kept: those of an hour, less than 1 MiB. */
export const SAMPLE_MS = 5_000;
const KEPT = 3_600_000 / SAMPLE_MS;

const FAMILIES = {
  requests: "cess_s3_requests_total",
  seconds: "cess_s3_request_duration_seconds",
  received: "cess_s3_request_received_bytes_total",
  sent: "cess_s3_request_sent_bytes_total",
  staged: "cess_s3_staged_bytes",
  oldest: "cess_s3_staged_oldest_age_seconds",
} as const;

interface Value {
  readonly value: number;
  readonly labels: Readonly<Partial<Record<string, string | number>>>;
  readonly metricName?: string;
}

/** Totals at one moment: what counters said. */
interface Totals {
  readonly at: number;
  readonly requests: ReadonlyMap<string, number>;
  readonly buckets: ReadonlyMap<number, number>;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export interface HistoryComponents {
  readonly clock: Clock;
  /** All metrics of the gateway at this moment, those of its other processes with them. */
  readonly read: () => Promise<Pick<Registry, "getSingleMetric">>;
}

/** The last hour of the gateway, in memory: requests, errors, latency, bytes and what is staged, from its own metrics. */
export class History {
  private readonly kept: SampleAnswer[] = [];
  private readonly listeners = new Set<(sample: SampleAnswer) => void>();
  private readonly closing = new AbortController();
  private before: Totals | undefined;

  constructor(private readonly components: HistoryComponents) {}

  /** Until `close`. */
  start(): this {
    void this.run();
    return this;
  }

  close(): void {
    this.closing.abort(new DOMException("the gateway is closing", "AbortError"));
  }

  /** The oldest first. */
  get samples(): readonly SampleAnswer[] {
    return this.kept;
  }

  /** Calls with each further sample, until the returned function is called. */
  follow(listener: (sample: SampleAnswer) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** Takes one sample: what has changed since the one before, a second. */
  async take(): Promise<void> {
    const metrics = await this.components.read();
    const values = async (family: string): Promise<readonly Value[]> =>
      (await metrics.getSingleMetric(family)?.get())?.values ?? [];
    const now = await totals(this.components.clock.now(), values);
    const { before } = this;
    this.before = now;
    if (!before || now.at <= before.at) return;
    const sample: SampleAnswer = {
      time: new Date(now.at).toISOString(),
      ...rates(before, now),
      stagedBytes: total(await values(FAMILIES.staged)),
      oldestSeconds: total(await values(FAMILIES.oldest)),
    };
    this.kept.push(sample);
    if (this.kept.length > KEPT) this.kept.shift();
    for (const listener of this.listeners) listener(sample);
  }

  private async run(): Promise<void> {
    const { clock } = this.components;
    const { signal } = this.closing;
    while (!signal.aborted) {
      // A catalog that cannot be read at the moment leaves a gap.
      await this.take().catch(() => undefined);
      await pause(clock, SAMPLE_MS, [signal]).catch(() => undefined);
    }
  }
}

async function totals(at: number, values: (family: string) => Promise<readonly Value[]>): Promise<Totals> {
  const requests = new Map<string, number>();
  for (const { labels, value } of await values(FAMILIES.requests))
    requests.set(`${labels.operation ?? ""} ${labels.status ?? ""}`, value);
  const buckets = new Map<number, number>();
  for (const { labels, value, metricName } of await values(FAMILIES.seconds)) {
    if (metricName !== `${FAMILIES.seconds}_bucket`) continue;
    const le = labels.le === "+Inf" ? Infinity : Number(labels.le);
    buckets.set(le, (buckets.get(le) ?? 0) + value);
  }
  return {
    at,
    requests,
    buckets,
    bytesIn: total(await values(FAMILIES.received)),
    bytesOut: total(await values(FAMILIES.sent)),
  };
}

const total = (values: readonly Value[]) => values.reduce((sum, { value }) => sum + value, 0);
const rounded = (value: number) => Math.round(value * 100) / 100;

/** What happened between two moments, a second. */
function rates(before: Totals, now: Totals): Omit<SampleAnswer, "time" | "stagedBytes" | "oldestSeconds"> {
  const seconds = (now.at - before.at) / 1000;
  const operations: Record<string, number> = {};
  let [clientErrors, serverErrors] = [0, 0];
  for (const [key, value] of now.requests) {
    const more = value - (before.requests.get(key) ?? 0);
    if (more <= 0) continue;
    const [operation = "", status = ""] = key.split(" ");
    operations[operation] = rounded((operations[operation] ?? 0) + more / seconds);
    if (status.startsWith("4")) clientErrors += more / seconds;
    else if (status.startsWith("5")) serverErrors += more / seconds;
  }
  const counts = [...now.buckets]
    .map(([le, value]) => [le, value - (before.buckets.get(le) ?? 0)] as const)
    .sort(([a], [b]) => a - b);
  return {
    operations,
    clientErrors: rounded(clientErrors),
    serverErrors: rounded(serverErrors),
    ...(quantile(counts, 0.5) !== undefined && {
      p50Ms: quantile(counts, 0.5),
      p95Ms: quantile(counts, 0.95),
      p99Ms: quantile(counts, 0.99),
    }),
    bytesIn: Math.round((now.bytesIn - before.bytesIn) / seconds),
    bytesOut: Math.round((now.bytesOut - before.bytesOut) / seconds),
  };
}

/** ms; within its bucket a quantile is taken from a straight line, as Prometheus does. `counts` are cumulative. */
function quantile(counts: readonly (readonly [number, number])[], share: number): number | undefined {
  const all = counts.at(-1)?.[1] ?? 0;
  if (all === 0) return undefined;
  let [low, below] = [0, 0];
  for (const [le, count] of counts) {
    if (count >= share * all)
      return rounded(
        (le === Infinity ? low : low + ((le - low) * (share * all - below)) / (count - below || 1)) * 1000,
      );
    [low, below] = [le, count];
  }
  return undefined;
}
