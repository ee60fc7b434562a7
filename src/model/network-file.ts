import type { CessAccount } from "./account.js";
import type { CessFile } from "./file.js";
import type { Fid } from "./hash.js";

/** What the chain says about a file on the network, whoever stored it. */
export interface NetworkEntry {
  readonly fid: Fid;
  /** `file_size` on chain, in bytes: of the content, before it was encrypted. */
  readonly size: number;
  /** As the chain lists them. `fileName` is what the owner's gateway wrote: any text of a stranger. */
  readonly owners: readonly { readonly account: CessAccount; readonly fileName?: string }[];
  /** Storage nodes that have reported their fragments, 0…11, while the file is a pending deal; absent of a stored file. */
  readonly reports?: number;
}

/** An entry of the network bucket, with how its bytes are read. `file` is absent while the deal is pending. */
export interface NetworkFile extends NetworkEntry {
  readonly file?: CessFile;
}
