import type { KeyLimits } from "../../model/account.js";
import { globOf, matchesGlob } from "../../model/glob.js";
import { isObjectAction } from "../../model/policy-actions.js";
import type { AccessRule } from "../call.js";
import { isReading } from "./actions.js";

/** What a request would do, as far as its access key's limits ask. */
export interface LimitedRequest {
  readonly resource: AccessRule["resource"];
  readonly action: string;
  readonly probe?: true;
  readonly bucket: string;
  readonly key: string;
  /** Of a listing. */
  readonly prefix: string;
}

const listing = new Set(["s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"]);

export function withinBuckets({ buckets }: KeyLimits, name: string): boolean {
  return buckets === undefined || buckets.some((pattern) => matchesGlob(globOf(pattern), name));
}

export function withinLimits(limits: KeyLimits, request: LimitedRequest): boolean {
  const { action } = request;
  if (!withinBuckets(limits, request.bucket)) return false;
  // Whether the bucket is there may be asked with any key; each of several objects is asked about by itself.
  if (request.probe || request.resource === "objects") return true;
  const { permission = "read-write", prefixes } = limits;
  if (permission !== "read-write" && isReading(action) !== (permission === "read")) return false;
  if (prefixes === undefined) return true;
  const begins = (text: string) => prefixes.some((prefix) => text.startsWith(prefix));
  if (isObjectAction(action)) return begins(request.key);
  return listing.has(action) && begins(request.prefix);
}
