import type { Fid } from "../model/hash.js";

/** Files whose segments are in staging, as the network has or had them: those under repair. */
export interface StagedFragments {
  /**
   * Data fragment 0…3 of a segment, not verified, in bytes that the caller owns; undefined when the file is not staged so,
   * or not any more.
   */
  fragment(fid: Fid, segment: number, fragment: number): Promise<Uint8Array | undefined>;
}
