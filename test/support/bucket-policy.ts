import type { Account } from "../../src/model/account.js";
import type { BucketPolicy } from "../../src/model/bucket-documents.js";
import { parsePolicy } from "../../src/model/policy-document.js";

/** A statement about `bucket` itself and every object in it, unless `resources` names others. */
export interface PolicyStatement {
  /** Undefined: everybody. */
  readonly account?: Account;
  readonly effect?: "Deny";
  readonly actions: string | readonly string[];
  /** What follows `arn:aws:s3:::`. */
  readonly resources?: readonly string[];
}

export function bucketPolicy(bucket: string, ...statements: readonly PolicyStatement[]): BucketPolicy {
  const Statement = statements.map(({ account, effect = "Allow", actions, resources = [bucket, `${bucket}/*`] }) => ({
    Effect: effect,
    Principal: account ? { CanonicalUser: account.id } : "*",
    Action: actions,
    Resource: resources.map((name) => `arn:aws:s3:::${name}`),
  }));
  const text = JSON.stringify({ Statement });
  return { text, policy: parsePolicy(text, bucket) };
}
