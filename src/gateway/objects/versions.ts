import type { VersionEntry } from "../../catalog/catalog.js";
import type { Versioning } from "../../model/bucket.js";
import type { BucketCall } from "../call.js";

export interface VersionListRequest {
  readonly prefix: string;
  readonly delimiter: string;
  readonly keyMarker: string;
  readonly versionIdMarker: string;
  readonly limit: number;
}

export interface VersionListResult {
  /** By key, newest first. */
  readonly versions: readonly VersionEntry[];
  readonly prefixes: readonly string[];
  readonly truncated: boolean;
  readonly nextKeyMarker?: string;
  readonly nextVersionIdMarker?: string;
}

export interface Versions {
  /** InvalidBucketState: a bucket with object lock keeps its versioning enabled. */
  setState(call: BucketCall, state: Versioning): Promise<void>;
  list(call: BucketCall, request: VersionListRequest): Promise<VersionListResult>;
}

