import type { CessFile } from "../model/file.js";
import type { Fid } from "../model/hash.js";

/** What the chain says about any file on the network, cached for some minutes. */
export interface NetworkFiles {
  /**
   * The file as the network stores it, whoever stored it; undefined when the chain knows none. Its content is that of
   * its segments, so encrypted content stays encrypted. Rejects with DomainError `dependencyUnavailable` when the chain
   * cannot be read, and `fileUnverifiable` when its entry cannot be this file, which no later try can change.
   */
  find(fid: Fid, signal?: AbortSignal): Promise<CessFile | undefined>;
  /**
   * The number of fragments (0…12), in the worst segment, whose node is registered, in good standing and not to be
   * replaced. Below 4 the file is lost. Undefined when the chain knows no such file. Rejects as `find` does.
   */
  redundancy(fid: Fid, signal?: AbortSignal): Promise<number | undefined>;
}
