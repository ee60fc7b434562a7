import type { CessFile } from "../model/file.js";

/** Other gateways, which may have at hand what the storage nodes would have to be asked for. */
export interface Peers {
  /**
   * Data fragment 0…3 of a file, verified, from whichever gateway has it at hand; undefined when none of those asked
   * does. Never rejects but with the signal's reason. The bytes are the caller's own.
   */
  fragment(file: CessFile, segment: number, fragment: number, signal: AbortSignal): Promise<Uint8Array | undefined>;
}
