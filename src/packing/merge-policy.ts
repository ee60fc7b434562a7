import type { StoredPack } from "../catalog/catalog.js";
import { segmentCount } from "../model/file.js";
import { SEGMENT_SIZE } from "../model/sizes.js";
import { mostBytes } from "./pack-writer.js";

export interface MergeSettings {
  /** Bytes of a pack's content, at most. */
  readonly capacity: number;
  /** Bytes sent to the network for merging, at most, for each byte that becomes free there. */
  readonly budget: number;
  /** Packs of one owner, territory and format that may stay below half full. */
  readonly keep: number;
}

/**
 * Which of the packs below half full are merged into the next pack: none as long as there are few, each of one segment.
 * Else as many as fit, the emptiest first, if they free enough for what sending their live bytes again costs. Gaps and
 * header count in full: a merge that did not free what it should would be done again and again. `packs`: of one owner,
 * territory and format, by live bytes. `queuedBytes`: of new objects that the pack takes first.
 */
export function packsToMerge(
  packs: readonly StoredPack[],
  queuedBytes: number,
  { capacity, budget, keep }: MergeSettings,
): readonly StoredPack[] {
  const hollow = packs.some(({ segments }) => segments > 1);
  const added = queuedBytes > 0 && queuedBytes * 2 < SEGMENT_SIZE ? 1 : 0;
  if (!hollow && packs.length + added <= keep) return [];
  for (let count = packs.length; count > 0; count--) {
    const chosen = packs.slice(0, count);
    const live = chosen.reduce((sum, { liveBytes }) => sum + liveBytes, 0);
    const bytes = mostBytes(queuedBytes + live);
    if (bytes > capacity) continue;
    const segments = chosen.reduce((sum, pack) => sum + pack.segments, 0);
    const sent = segmentCount(bytes) - segmentCount(queuedBytes);
    const freed = segments - sent;
    if (freed > 0 && sent <= budget * freed) return chosen;
  }
  return [];
}
