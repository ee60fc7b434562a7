import type { ConditionOperator } from "./policy-condition.js";

/** The text patterns of a statement's element, or, with `not`, everything but them. */
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
  /** In lower case, as `aws:sourceip`; what follows a slash (a tag's key) as written. */
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

/** A bucket policy, parsed and found right. */
export interface Policy {
  /** `${aws:username}` and its like are variables since version 2012-10-17. */
  readonly variables: boolean;
  readonly statements: readonly Statement[];
}

/** Who asks, as policies name them. */
export interface Principal {
  /** Canonical user ID; undefined for a request without a signature. */
  readonly id?: string;
  readonly displayName?: string;
  readonly accessKeyId?: string;
}

export const ARN = "arn:aws:s3:::";
/** AWS's limit for a bucket policy, in bytes. */
export const MAX_POLICY = 20 * 1024;
