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

/**
 * The account that pays for what is written to the call's bucket: the bucket's owner, whoever writes. AccessDenied when
 * the owner has no account any more.
 */
export function payerOf(
  accounts: Accounts,
  { account, bucket }: Pick<BucketCall, "account"> & { bucket: Bucket },
): Account {
  const payer = bucket.owner === account.id ? account : accounts.owner(bucket.owner);
  if (payer?.disabled)
    throw new S3Error("AccessDenied", {
      message: "The account of the bucket's owner is disabled, so the object cannot be charged to anyone.",
    });
  if (payer) return payer;
  throw new S3Error("AccessDenied", {
    message: "The bucket's owner no longer has an account on this gateway, so the object cannot be charged to anyone.",
  });
}
