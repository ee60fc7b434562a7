import type { AccessKey } from "../../model/account.js";

/** Where access keys are known. */
export interface Credentials {
  /** Undefined for a key nobody has. */
  lookup(accessKeyId: string): Promise<AccessKey | undefined>;
}
