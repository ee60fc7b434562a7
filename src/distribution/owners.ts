import type { Account } from "../model/account.js";

/** The account of an Account.id. Undefined when it is not configured, or no longer. */
export type Owners = (id: string) => Account | undefined;
