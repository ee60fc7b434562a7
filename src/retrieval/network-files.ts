import type { CessAccount } from "../model/account.js";
import type { CessFile } from "../model/file.js";
import type { Fid } from "../model/hash.js";
import type { NetworkEntry } from "../model/network-file.js";

/** The files that one account holds. */
export interface HeldFiles {
  /**
   * The FIDs after the FID, or any other text, `after` that begin with `prefix`, in order; `""` for all. Some at a time,
   * since most readers stop early.
   */
  after(after: string, prefix: string): AsyncIterable<readonly Fid[]>;
}

/** What the chain says about any file on the network, cached for some minutes. */
export interface NetworkFiles {
  /**
   * The file as it is to be read, whoever stored it; undefined when the chain knows none. With `cipher` (1 to 32 bytes),
   * it is decrypted in DeOSS's scheme. Without, it is what its segments hold: cut at its size, or the whole stored length
   * where it is encrypted. Rejects with DomainError `dependencyUnavailable` when the chain cannot be read,
   * `fileUnverifiable` when its entry cannot be this file, which no later try can change, `objectUnavailable` when the
   * bytes that tell how it is stored cannot be had, `wrongCipher` and `noCipherNeeded`.
   */
  find(fid: Fid, signal?: AbortSignal, cipher?: string): Promise<CessFile | undefined>;
  /**
   * What the chain says of the file, or of its deal while that is pending; undefined when it knows neither. `recent`: read
   * some seconds ago at most, since owners come and go. Rejects with DomainError `dependencyUnavailable`.
   */
  entry(fid: Fid, signal?: AbortSignal, recent?: boolean): Promise<NetworkEntry | undefined>;
  /**
   * The files that the account holds on chain, read anew after some seconds. Rejects with DomainError
   * `dependencyUnavailable`.
   */
  held(account: CessAccount, signal?: AbortSignal): Promise<HeldFiles>;
  /** `file_size` of these files, in their order; undefined for one that there is not (any more). Rejects as `held` does. */
  sizes(fids: readonly Fid[], signal?: AbortSignal): Promise<readonly (number | undefined)[]>;
  /**
   * The number of fragments (0…12), in the worst segment, whose node is registered, in good standing and not to be
   * replaced. Below 4 the file is lost. Undefined when the chain knows no such file. Rejects as `entry` does.
   */
  redundancy(fid: Fid, signal?: AbortSignal): Promise<number | undefined>;
}
