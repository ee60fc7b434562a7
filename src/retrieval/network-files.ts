import type { CessFile } from "../model/file.js";
import type { Fid } from "../model/hash.js";

/** What the chain says of any file on the network, remembered for some minutes. */
export interface NetworkFiles {
  /**
   * The file as the network stores it, whoever stored it; undefined when the chain knows none. Its content is that of
   * its segments, so what was encrypted stays so. Rejects with DomainError `dependencyUnavailable` when the chain cannot be
   * asked, `objectUnavailable` when what it says cannot be this file.
   */
  find(fid: Fid, signal?: AbortSignal): Promise<CessFile | undefined>;
  /**
   * Of the segment that is worst off, the fragments (0…12) whose node is registered, in good standing and not to be
   * replaced; below 4 the file is lost. Undefined when the chain knows no such file. Rejects as `find` does.
   */
  redundancy(fid: Fid, signal?: AbortSignal): Promise<number | undefined>;
}
