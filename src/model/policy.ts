import type { ConditionOperator } from "./policy-condition.js";

/** The patterns of a statement's element. With `not`, everything matches that none of them does. */
export interface Patterns {
  readonly not: boolean;
  readonly patterns: readonly string[];
}

export interface Principals {
  readonly not: boolean;
  /** Accounts as the policy names them; `*` is anybody. */
  readonly names: readonly string[];
}

export interface Condition {
  readonly operator: ConditionOperator;
  /** In lower case, such as `aws:sourceip`. The part after a slash (a tag's key) is unchanged. */
  readonly key: string;
  readonly values: readonly string[];
}

export interface Statement {
  readonly sid?: string;
  readonly effect: "Allow" | "Deny";
  readonly principals: Principals;
  readonly actions: Patterns;
  /** Resources as `arn:aws:s3:::bucket/key` patterns. */
  readonly resources: Patterns;
  readonly conditions: readonly Condition[];
}

/** A parsed and valid policy of a bucket, or of an access key or session: these have the principal `*`. */
export interface Policy {
  /** Whether `${aws:username}` and the like are variables: they are since version 2012-10-17. */
  readonly variables: boolean;
  readonly statements: readonly Statement[];
}

/** The requester, as policies name it. */
export interface Principal {
  /** Canonical user ID; absent for an anonymous requester. */
  readonly id?: string;
  readonly displayName?: string;
  readonly accessKeyId?: string;
}

export const ARN = "arn:aws:s3:::";
/** AWS's limit for a bucket policy, in bytes. Identity policies have it, too. */
export const MAX_POLICY = 20 * 1024;
