import type { NodeRow } from "../../network/nodes/persistent-node-registry.js";
import type { NodeSampleAnswer } from "../admin-answers.js";

/** Between two samples, ms; and how many are kept: those of an hour. */
const SAMPLE_MS = 60_000;
const KEPT = 60;
/** Nodes that are followed: less than 5 MiB. The first that this gateway dealt with stay, until the chain no longer lists them. */
const MAX_NODES = 4_000;
/** Of a sample: quality, ms of sending and of fetching, failures until then. NaN is what is not known. */
const FIELDS = 4;

/** What was learned of each storage node over the last hour, in memory. */
export class NodeHistory {
  private readonly times = new Float64Array(KEPT);
  private readonly nodes = new Map<string, Float32Array>();
  private taken = 0;

  constructor(private readonly table: () => readonly NodeRow[]) {}

  /** Takes a sample, where the last one is old enough. `now`: ms since 1970. */
  take(now: number): void {
    // A clock that was set back begins anew.
    const since = now - (this.times[(this.taken + KEPT - 1) % KEPT] ?? 0);
    if (this.taken > 0 && since >= 0 && since < SAMPLE_MS) return;
    const at = this.taken++ % KEPT;
    this.times[at] = now;
    const rows = this.table();
    for (const row of rows) this.of(row)?.set(valuesOf(row), at * FIELDS);
    const listed = new Set(rows.map(({ account }) => account));
    for (const account of this.nodes.keys()) if (!listed.has(account)) this.nodes.delete(account);
  }

  /** The oldest first; none for a node that this gateway has not dealt with. */
  samples(account: string): NodeSampleAnswer[] {
    const values = this.nodes.get(account);
    if (!values) return [];
    const samples: NodeSampleAnswer[] = [];
    for (let sample = Math.max(0, this.taken - KEPT); sample < this.taken; sample++) {
      const at = sample % KEPT;
      const [quality = NaN, putMs = NaN, getMs = NaN, failures = NaN] = values.subarray(at * FIELDS);
      if (Number.isNaN(quality)) continue;
      samples.push({
        time: new Date(this.times[at] ?? 0).toISOString(),
        quality: rounded(quality),
        ...(!Number.isNaN(putMs) && { putMs: rounded(putMs) }),
        ...(!Number.isNaN(getMs) && { getMs: rounded(getMs) }),
        failures,
      });
    }
    return samples;
  }

  private of({ account, put, get, failures, reports }: NodeRow): Float32Array | undefined {
    const known = this.nodes.get(account);
    if (known) return known;
    if (put.count + get.count + failures + reports === 0 || this.nodes.size >= MAX_NODES) return undefined;
    const values = new Float32Array(KEPT * FIELDS).fill(NaN);
    this.nodes.set(account, values);
    return values;
  }
}

const valuesOf = ({ quality, put, get, failures }: NodeRow) => [quality, put.p50Ms ?? NaN, get.p50Ms ?? NaN, failures];
const rounded = (value: number) => Math.round(value * 1000) / 1000;
