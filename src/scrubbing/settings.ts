import { GIB } from "../model/sizes.js";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export interface ScrubSettings {
  /** Every stored file is looked at within this time, ms. */
  readonly walkMs: number;
  /** Whole fragments fetched to be verified, in bytes a day; what is above that is only asked for a few bytes. */
  readonly bytesPerDay: number;
  /** Time for the network to replace lost fragments by itself, ms; a node that fails for so long has lost its own. */
  readonly restoralMs: number;
  /** Files with fewer fragments are repaired, 0…12. */
  readonly repairBelow: number;
  /** Bytes restored for repairs a day. */
  readonly repairBytesPerDay: number;
  /** Files under repair at a time. */
  readonly repairs: number;
  /** Between two rounds in which nodes are asked whether they are there, ms. */
  readonly nodesMs: number;
  /** Between two looks at a file that has fewer than twelve fragments, ms. */
  readonly recheckMs: number;
}

/** Failures in a row, over the time for restoral, after which a node's fragments count as lost. */
export const SAMPLES = 3;

/** The rhythm of looks follows the time that failures must last: several fit into it. */
export function rhythm(restoralMs: number): Pick<ScrubSettings, "nodesMs" | "recheckMs"> {
  return {
    nodesMs: Math.min(15 * MINUTE_MS, Math.max(1_000, restoralMs / 8)),
    recheckMs: Math.min(6 * HOUR_MS, Math.max(1_000, restoralMs / 6)),
  };
}

export const SCRUB_DEFAULTS: ScrubSettings = {
  walkMs: 30 * DAY_MS,
  bytesPerDay: 64 * GIB,
  restoralMs: DAY_MS,
  repairBelow: 8,
  repairBytesPerDay: 256 * GIB,
  repairs: 4,
  ...rhythm(DAY_MS),
};
