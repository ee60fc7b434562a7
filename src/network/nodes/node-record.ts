import { z } from "zod";
import { DecayingHistogram } from "./decaying-histogram.js";
import type { Direction, TransferExperience } from "./node-registry.js";

/** Share of a new transfer in a rate or a throughput: some twenty transfers count. */
const NEW_WEIGHT = 0.1;

/**
 * Why a node's circuit is open. A good transfer closes it only after failures, not after missed reports or corrupt bytes.
 */
export type OpenCause = (typeof openCauses)[number];
const openCauses = ["failures", "silence", "corrupt"] as const;

interface Transfers {
  count: number;
  bytesPerSecond: number | undefined;
  readonly durations: DecayingHistogram;
}

const number = z.number();
const savedTransfers = z.object({
  count: number,
  bytesPerSecond: number.exactOptional(),
  durations: z.array(z.tuple([number, number])),
});
type SavedTransfers = z.output<typeof savedTransfers>;

/** A record as JSON, for the next process. Trials under way are not in it. */
export const savedRecord = z.object({
  account: z.string(),
  /** Success, report. */
  rates: z.tuple([number, number]),
  /** Failures, corrupt, missed reports, reports. */
  counts: z.tuple([number, number, number, number]),
  /** Failures, and when they were counted. */
  recent: z.tuple([number, number]),
  lagging: z.boolean().exactOptional(),
  /** Failures, silences. */
  streaks: z.tuple([number, number]),
  open: z.object({ until: number, cause: z.enum(openCauses) }).exactOptional(),
  lastFailure: z.string().exactOptional(),
  /** Ms since 1970; absent from what older versions wrote. */
  touchedAt: number.exactOptional(),
  put: savedTransfers,
  get: savedTransfers,
});
export type SavedRecord = z.output<typeof savedRecord>;

/** What the registry knows of one storage node. It only counts; the registry draws the conclusions. */
export class NodeRecord {
  successRate = 1;
  reportRate = 1;
  failures = 0;
  corrupt = 0;
  missedReports = 0;
  reports = 0;
  /** Decays since `recentAt`. */
  recent = 0;
  recentAt = 0;
  lagging = false;
  /** Failures, and missed reports, since the last thing that went well of its kind. */
  failureStreak = 0;
  silenceStreak = 0;
  /** When the first transfer got no answer, of those since the node last answered. Not kept across restarts. */
  failingSince: number | undefined;
  /** The circuit: open until then, half-open after it, closed when undefined. */
  open: { readonly until: number; readonly cause: OpenCause } | undefined;
  /** The one transfer that a half-open circuit admits is under way. */
  trialRunning = false;
  lastFailure: string | undefined;
  /** When anything was last learned, ms since 1970. */
  touchedAt = 0;
  readonly transfers: Readonly<Record<Direction, Transfers>>;

  constructor(saved?: SavedRecord) {
    this.transfers = { put: toTransfers(saved?.put), get: toTransfers(saved?.get) };
    if (!saved) return;
    [this.successRate, this.reportRate] = saved.rates;
    [this.failures, this.corrupt, this.missedReports, this.reports] = saved.counts;
    [this.recent, this.recentAt] = saved.recent;
    this.lagging = saved.lagging === true;
    [this.failureStreak, this.silenceStreak] = saved.streaks;
    this.open = saved.open;
    this.lastFailure = saved.lastFailure;
    this.touchedAt = saved.touchedAt ?? 0;
  }

  transferred(direction: Direction, bytes: number, ms: number): void {
    const transfers = this.transfers[direction];
    const speed = (bytes * 1000) / Math.max(ms, 1);
    transfers.count++;
    transfers.bytesPerSecond = transfers.bytesPerSecond === undefined ? speed : moved(transfers.bytesPerSecond, speed);
    transfers.durations.add(ms);
    if (direction === "get") this.gave();
    else this.successRate = moved(this.successRate, 1);
  }

  /** A fragment, or a part of one. */
  gave(): void {
    this.successRate = moved(this.successRate, 1);
    this.lagging = false;
  }

  failed(why: string, now: number, halfLifeMs: number): void {
    this.failures++;
    this.successRate = moved(this.successRate, 0);
    this.slowed(now, halfLifeMs);
    this.lastFailure = why;
  }

  slowed(now: number, halfLifeMs: number): void {
    this.recent = this.recentFailures(now, halfLifeMs) + 1;
    this.recentAt = now;
    this.lagging = true;
  }

  /** A report that came (1) or did not (0). */
  reportedAs(outcome: 0 | 1): void {
    this.reportRate = moved(this.reportRate, outcome);
  }

  recentFailures(now: number, halfLifeMs: number): number {
    return this.recent * 0.5 ** (Math.max(0, now - this.recentAt) / halfLifeMs);
  }

  experience(direction: Direction): TransferExperience {
    const { count, bytesPerSecond, durations } = this.transfers[direction];
    const [p50Ms, p95Ms] = [durations.quantile(0.5), durations.quantile(0.95)];
    return {
      count,
      ...(bytesPerSecond !== undefined && { bytesPerSecond }),
      ...(p50Ms !== undefined && { p50Ms }),
      ...(p95Ms !== undefined && { p95Ms }),
    };
  }

  save(account: string): SavedRecord {
    return {
      account,
      rates: [this.successRate, this.reportRate],
      counts: [this.failures, this.corrupt, this.missedReports, this.reports],
      recent: [this.recent, this.recentAt],
      lagging: this.lagging,
      streaks: [this.failureStreak, this.silenceStreak],
      ...(this.open && { open: this.open }),
      ...(this.lastFailure !== undefined && { lastFailure: this.lastFailure }),
      touchedAt: this.touchedAt,
      put: saveTransfers(this.transfers.put),
      get: saveTransfers(this.transfers.get),
    };
  }
}

function moved(average: number, sample: number): number {
  return average + (sample - average) * NEW_WEIGHT;
}

function toTransfers(saved: SavedTransfers | undefined): Transfers {
  return {
    count: saved?.count ?? 0,
    bytesPerSecond: saved?.bytesPerSecond,
    durations: new DecayingHistogram(saved?.durations ?? []),
  };
}

function saveTransfers({ count, bytesPerSecond, durations }: Transfers): SavedTransfers {
  return { count, ...(bytesPerSecond !== undefined && { bytesPerSecond }), durations: durations.save() };
}
