import type { Account } from "../../model/account.js";
import type { Bucket } from "../../model/bucket.js";
import { S3Error } from "../s3-error.js";
import type { BucketCall } from "../call.js";

/** The accounts this gateway knows. */
export interface Accounts {
  /** By Account.id. */
  owner(id: string): Account | undefined;
  readonly all: readonly Account[];
}

/** Whose territory is charged for what is written to the call's bucket: its owner's, whoever writes. */
export function payerOf(
  accounts: Accounts,
  { account, bucket }: Pick<BucketCall, "account"> & { bucket: Bucket },
): Account {
  const payer = bucket.owner === account.id ? account : accounts.owner(bucket.owner);
  if (payer) return payer;
  throw new S3Error("AccessDenied", {
    message: "The bucket's owner has no account on this gateway any more, so nobody would pay for the object.",
  });
}
