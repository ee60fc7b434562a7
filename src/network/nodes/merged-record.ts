import type { SavedRecord } from "./node-record.js";

type Transfers = SavedRecord["put"];

/**
 * One record of what two processes have learned of a node since they last told each other. Averages are the mean of both,
 * since each has seen about as much; counts began together, so that the larger one is nearer to the sum than that of both
 * would be; what says how the node is now, such as its circuit, is that of the one who dealt with it last.
 */
export function mergedRecord(own: SavedRecord, other: SavedRecord): SavedRecord {
  const [older, newer] = (own.touchedAt ?? 0) < (other.touchedAt ?? 0) ? [own, other] : [other, own];
  const [a, b] = [own.counts, other.counts];
  return {
    ...newer,
    rates: [mean(own.rates[0], other.rates[0]), mean(own.rates[1], other.rates[1])],
    counts: [Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])],
    put: mergedTransfers(older.put, newer.put),
    get: mergedTransfers(older.get, newer.get),
  };
}

function mergedTransfers(older: Transfers, newer: Transfers): Transfers {
  const speeds = [older.bytesPerSecond, newer.bytesPerSecond].filter((speed) => speed !== undefined);
  const weights = new Map<number, number>();
  for (const { durations } of [older, newer])
    for (const [bucket, weight] of durations) weights.set(bucket, (weights.get(bucket) ?? 0) + weight / 2);
  return {
    count: Math.max(older.count, newer.count),
    ...(speeds.length === 0 ? {} : { bytesPerSecond: speeds.reduce((sum, speed) => sum + speed, 0) / speeds.length }),
    durations: [...weights],
  };
}

const mean = (a: number, b: number) => (a + b) / 2;
