import type { AccessKey } from "../../model/account.js";

/** Finds access keys. */
export interface Credentials {
  /** Undefined for a key that does not exist. */
  lookup(accessKeyId: string): Promise<AccessKey | undefined>;
}
