import { setImmediate } from "node:timers/promises";
import type { Fid } from "../model/hash.js";
import type { HeldFile } from "../network/chain/chain.js";

/** Files that share so many hex digits at their beginning are kept together: about 120 of the 500,000 that may be. */
const DIGITS = 3;
/** Files that are sorted in, or looked at, before others get their turn on the event loop. */
const SLICE = 5_000;

/**
 * The files that one account holds, in order of their FIDs. An account may hold 500,000, so nothing is done with all of
 * them at once: each group is sorted when a page first comes to it.
 */
export class HeldFiles {
  private readonly groups = new Map<string, { files: HeldFile[]; sorted: boolean }>();

  private constructor(readonly count: number) {}

  static async of(files: readonly HeldFile[]): Promise<HeldFiles> {
    const held = new HeldFiles(files.length);
    for (let at = 0; at < files.length; at += SLICE) {
      if (at > 0) await setImmediate();
      for (const file of files.slice(at, at + SLICE)) held.add(file);
    }
    return held;
  }

  /**
   * The files after the FID, or any other text, `after`, whose FIDs begin with `prefix`; `""` for all. Yields a group at a
   * time, since most readers stop early.
   */
  async *after(after: string, prefix: string): AsyncGenerator<readonly HeldFile[], void> {
    let seen = 0;
    for (let group = 0; group < 16 ** DIGITS; group++) {
      const digits = group.toString(16).padStart(DIGITS, "0");
      if (digits < after.slice(0, DIGITS) || !fits(digits, prefix)) continue;
      const files = this.group(digits).filter(({ fid }) => fid > after && fid.startsWith(prefix));
      seen += files.length;
      if (seen > SLICE) {
        seen = 0;
        await setImmediate();
      }
      if (files.length > 0) yield files;
    }
  }

  private add(file: HeldFile): void {
    const digits = file.fid.slice(0, DIGITS);
    const group = this.groups.get(digits);
    if (group) group.files.push(file);
    else this.groups.set(digits, { files: [file], sorted: false });
  }

  private group(digits: string): readonly HeldFile[] {
    const group = this.groups.get(digits);
    if (!group) return [];
    if (!group.sorted) {
      // Older runtimes list a file twice that its owner declared twice.
      const once = new Map<Fid, HeldFile>(group.files.map((file) => [file.fid, file]));
      group.files = [...once.values()].sort((one, other) => (one.fid < other.fid ? -1 : 1));
      group.sorted = true;
    }
    return group.files;
  }
}

/** Whether FIDs that begin with these digits may begin with the prefix. */
function fits(digits: string, prefix: string): boolean {
  return prefix.startsWith(digits) || digits.startsWith(prefix);
}
