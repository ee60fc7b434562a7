import { setImmediate } from "node:timers/promises";
import type { Fid } from "../model/hash.js";

/** Files that share so many hex digits at their beginning are kept together: about 120 of the 500,000 that may be. */
const DIGITS = 3;
/** Files that are sorted in, or looked at, before others get their turn on the event loop. */
const SLICE = 5_000;

/**
 * The files that one account holds, in order of their FIDs. An account may hold 500,000, so nothing is done with all of
 * them at once: each group is sorted when a page first comes to it.
 */
export class HeldFiles {
  private readonly groups = new Map<string, { fids: Fid[]; sorted: boolean }>();

  private constructor(readonly count: number) {}

  static async of(fids: readonly Fid[]): Promise<HeldFiles> {
    const held = new HeldFiles(fids.length);
    for (let at = 0; at < fids.length; at += SLICE) {
      if (at > 0) await setImmediate();
      for (const fid of fids.slice(at, at + SLICE)) held.add(fid);
    }
    return held;
  }

  /**
   * The FIDs after the FID, or any other text, `after` that begin with `prefix`; `""` for all. Yields a group at a time,
   * since most readers stop early.
   */
  async *after(after: string, prefix: string): AsyncGenerator<readonly Fid[], void> {
    let seen = 0;
    for (let group = 0; group < 16 ** DIGITS; group++) {
      const digits = group.toString(16).padStart(DIGITS, "0");
      if (digits < after.slice(0, DIGITS) || !fits(digits, prefix)) continue;
      const fids = this.group(digits).filter((fid) => fid > after && fid.startsWith(prefix));
      seen += fids.length;
      if (seen > SLICE) {
        seen = 0;
        await setImmediate();
      }
      if (fids.length > 0) yield fids;
    }
  }

  private add(fid: Fid): void {
    const digits = fid.slice(0, DIGITS);
    const group = this.groups.get(digits);
    if (group) group.fids.push(fid);
    else this.groups.set(digits, { fids: [fid], sorted: false });
  }

  private group(digits: string): readonly Fid[] {
    const group = this.groups.get(digits);
    if (!group) return [];
    if (!group.sorted) {
      // Older runtimes list a file twice that its owner declared twice.
      group.fids = [...new Set(group.fids)].sort();
      group.sorted = true;
    }
    return group.fids;
  }
}

/** Whether FIDs that begin with these digits may begin with the prefix. */
function fits(digits: string, prefix: string): boolean {
  return prefix.startsWith(digits) || digits.startsWith(prefix);
}
