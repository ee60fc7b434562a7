import type { Supervisor } from "../../background/supervisor.js";
import type { Blobs } from "../../blobs/blobs.js";
import type { Catalog } from "../../catalog/catalog.js";
import type { DiskSpace } from "../../files/disk-space.js";
import type { PayersChain, ReadingStore } from "../../gateway/ingest/chain-readings.js";
import type { Digests } from "../../gateway/ingest/digests.js";
import type { Keys } from "../../keys/keys.js";
import type { PlacementTags } from "../../model/placement-tags.js";
import type { UploadPreprocessing } from "../../preprocessing/preprocessing.js";
import type { NetworkFiles } from "../../retrieval/network-files.js";
import type { OpenMount } from "./mounts.js";
import type { Receipts } from "../../receipts/receipts.js";
import type { Retrieval } from "../../retrieval/retrieval.js";

/** What S3's meaning needs. What is said of the network may be asked of another process. */
export interface RequestServices {
  readonly keys: Keys;
  readonly catalog: Catalog;
  readonly space: DiskSpace;
  readonly blobs: Blobs;
  readonly digests: Digests;
  /** What was last read of the accounts that pay. */
  readonly readings: ReadingStore;
  /** What buckets may choose by their tags. */
  readonly placementTags: PlacementTags;
  readonly preprocessing: UploadPreprocessing;
  readonly chain: PayersChain;
  readonly files: NetworkFiles;
  readonly retrieval: Retrieval;
  readonly receipts: Pick<Receipts, "of">;
  readonly supervisor: Supervisor;
  /** Buckets of other gateways. */
  readonly mounts: readonly OpenMount[];
}

/** Which process this is of how many that serve requests. */
export interface ProcessShare {
  /** 1, 2 … of a request process; 0 of one that does everything, or of the background process. */
  readonly index: number;
  /** Processes that serve requests. */
  readonly processes: number;
  /** Its folder below that of access logs, where it is not the usual one; empty: that folder itself. */
  readonly logs?: string;
}
