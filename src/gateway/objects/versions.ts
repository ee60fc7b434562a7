import type { VersionEntry } from "../../catalog/catalog.js";
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
  list(call: BucketCall, request: VersionListRequest): Promise<VersionListResult>;
}
