import type { NodeRecord, OpenCause } from "./node-record.js";

/** Much slower nodes are chosen less often, but still sometimes: they may have recovered. */
const LEAST_QUALITY = 0.02;
const LEAST_SPEED = 0.1;
/** Which nodes in cooldown are used first when too few others are left. */
const RANKS: Readonly<Record<OpenCause, number>> = { failures: 0, silence: 1, corrupt: 2 };

/** How well a node served, above 0, at most 1. `usual`: the median of what nodes take, in bytes a second. */
export function quality(record: NodeRecord | undefined, usual: number | undefined): number {
  if (!record) return 1;
  const speed = record.transfers.put.bytesPerSecond;
  const relative = speed === undefined || usual === undefined ? 1 : Math.min(1, Math.max(LEAST_SPEED, speed / usual));
  return Math.max(LEAST_QUALITY, record.successRate ** 2 * record.reportRate ** 2 * relative);
}

/** So many of the nodes in cooldown: those that may be put to use again first. */
export function bestOf(
  open: readonly { readonly account: string; readonly record: NodeRecord; readonly cause: OpenCause }[],
  count: number,
  usual: number | undefined,
): ReadonlySet<string> {
  const ranked = open
    .map(({ account, record, cause }) => ({ account, rank: RANKS[cause] - quality(record, usual) }))
    .sort((a, b) => a.rank - b.rank);
  return new Set(ranked.slice(0, count).map(({ account }) => account));
}
