import type { Account } from "../model/account.js";

/** Who an Account.id is on chain. Undefined: the configuration does not know this account (any more). */
export type Owners = (id: string) => Account | undefined;
