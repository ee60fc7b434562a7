import type { KeyLimits } from "../../model/account.js";
import { globOf, matchesGlob } from "../../model/glob.js";
import { isObjectAction } from "../../model/policy-actions.js";
import type { AccessRule } from "../call.js";
import { isReading } from "./actions.js";

/** The properties of a request that the limits of an access key apply to. */
export interface LimitedRequest {
  readonly resource: AccessRule["resource"];
  readonly action: string;
  readonly probe?: true;
  readonly bucket: string;
  readonly key: string;
  /** Of a listing; "" for other requests. */
  readonly prefix: string;
}

const listing = new Set(["s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"]);

/** Whether the limits allow a bucket of this name. */
export function withinBuckets({ buckets }: KeyLimits, name: string): boolean {
  return buckets === undefined || buckets.some((pattern) => matchesGlob(globOf(pattern), name));
}

/** Whether the limits of an access key allow a request. */
export function withinLimits(limits: KeyLimits, request: LimitedRequest): boolean {
  const { action } = request;
  if (!withinBuckets(limits, request.bucket)) return false;
  // Any key may test whether the bucket exists. Of DeleteObjects, each object is checked separately.
  if (request.probe || request.resource === "objects") return true;
  const { permission = "read-write", prefixes } = limits;
  if (permission !== "read-write" && isReading(action) !== (permission === "read")) return false;
  if (prefixes === undefined) return true;
  const isAllowed = (text: string) => prefixes.some((prefix) => text.startsWith(prefix));
  if (isObjectAction(action)) return isAllowed(request.key);
  return listing.has(action) && isAllowed(request.prefix);
}
