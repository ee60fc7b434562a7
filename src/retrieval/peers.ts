import type { CessFile } from "../model/file.js";

/** Other gateways, which may have fragments in their cache or staging. */
export interface Peers {
  /**
   * Data fragment 0…3 of a file, verified, from a gateway that has it; undefined when none of those asked does. Rejects
   * only with the signal's reason. The caller owns the bytes.
   */
  fragment(file: CessFile, segment: number, fragment: number, signal: AbortSignal): Promise<Uint8Array | undefined>;
}
