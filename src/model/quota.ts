import { DomainError } from "./errors.js";

/** Limits of what a bucket, or all buckets of an account, may hold. An absent member limits nothing. */
export interface Quota {
  /** Of all versions and of the parts of open uploads. */
  readonly bytes?: number;
  /** Versions; delete markers do not count. */
  readonly objects?: number;
}

/** Whether it limits nothing. */
export function isUnlimited({ bytes, objects }: Quota): boolean {
  return bytes === undefined && objects === undefined;
}

/** The quota of an account, with the account's name. */
export interface AccountQuota extends Quota {
  readonly account: string;
}

/** What a bucket, or all buckets of an account, hold. */
export interface Usage {
  /** Of all versions, as clients see their sizes. */
  readonly bytes: number;
  /** Of the parts of open uploads. */
  readonly uploadBytes: number;
  /** Versions that are no delete markers. */
  readonly objects: number;
}

export const NO_USAGE: Usage = { bytes: 0, uploadBytes: 0, objects: 0 };

/** A change of what a bucket holds; negative for what is freed. */
export type UsageChange = Usage;

/** Whose quota it is, for messages: `bucket photos`. */
export type QuotaSubject = `bucket ${string}` | `account ${string}`;

/**
 * Throws DomainError `quotaExceeded` when a change would take the usage before it above the quota. What frees more than
 * it takes always passes, so that a subject whose quota was lowered can become smaller.
 */
export function requireQuota(quota: Quota, before: Usage, change: UsageChange, subject: QuotaSubject): void {
  const needed = {
    bytes: change.bytes + change.uploadBytes,
    objects: change.objects,
  };
  const used = { bytes: before.bytes + before.uploadBytes, objects: before.objects };
  for (const what of ["bytes", "objects"] as const) {
    const limit = quota[what];
    if (limit === undefined || needed[what] <= 0 || used[what] + needed[what] <= limit) continue;
    throw new DomainError(
      { kind: "quotaExceeded", subject, what, limit, used: used[what] },
      `The ${subject} has a quota of ${limit} ${what}, of which ${used[what]} are used: ${needed[what]} more do not fit. ` +
        "Delete objects or versions, abort uploads, or ask the operator for a larger quota.",
    );
  }
}

export function addUsage(left: Usage, right: Usage): Usage {
  return {
    bytes: left.bytes + right.bytes,
    uploadBytes: left.uploadBytes + right.uploadBytes,
    objects: left.objects + right.objects,
  };
}
