import type { Blobs } from "../../blobs/blobs.js";
import type { Catalog } from "../../catalog/catalog.js";
import type { Config } from "../../config/config.js";
import type { DiskSpace } from "../../files/disk-space.js";
import type { DamageRecord } from "../../model/damage.js";
import type { StagingPlace } from "./staging-place.js";

export type StagingConfig = Pick<Config, "dataDir" | "reserveBytes" | "staging">;

export interface StagingComponents {
  /** Other processes of this machine use the same data folder. */
  readonly several: boolean;
  /** Of the data folder's disk; undefined: what is written is not limited. */
  readonly space?: DiskSpace;
  readonly onDamage?: DamageRecord;
  /** Whether removed blobs go to quarantine. */
  readonly keepRemoved?: () => boolean;
  /** Told of work on staging that failed and is tried again. */
  readonly onFault?: (error: unknown) => void;
}

/** Staging that was found where `staging.url` says, and is not opened yet. */
export interface Staging {
  /** By which gateways see that they share staging; undefined where it is in the data folder. */
  readonly place: StagingPlace | undefined;
  /** Rejects with ConfigError where it has not the bytes that the catalog has staged. */
  open(components: StagingComponents): Promise<Blobs>;
}

export type StagingCatalog = Pick<Catalog, "staging" | "inspection" | "orphans">;
